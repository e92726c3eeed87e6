"""The CTC loss of other implementations, each behind the same call, on the CPU.

Every adapter has the signature `adapter(logits, labels, label_lengths, frames, blank=0)`, with

- logits: ndarray of float32 or float64, shape (N, T, K); the adapter applies the softmax where the peer does not;
- labels: array of int, shape (N, U), padded; `label_lengths` and `frames`: arrays of int, shape (N,).

It returns a function without arguments. Each call of it computes the losses, shape (N,), not reduced, and the
gradient of their sum in the logits, shape (N, T, K), as NumPy arrays. What a user does once, conversion and
compilation, is done before. Nothing is checked: what the peer does with bad input is its own answer.

A peer is imported when its adapter is called. `requirements.txt` beside this file names the versions.
"""

from functools import partial

import numpy as np


def torch_ctc(logits, labels, label_lengths, frames, blank=0, zero_infinity=False):
    """`torch.nn.functional.ctc_loss` behind `log_softmax`."""
    import torch

    u = torch.tensor(logits, requires_grad=True)
    lengths = torch.tensor(frames), torch.tensor(label_lengths)
    labels = torch.tensor(labels)

    def call():
        log_probs = u.log_softmax(-1).transpose(0, 1)
        losses = torch.nn.functional.ctc_loss(
            log_probs, labels, *lengths, blank=blank, reduction="none", zero_infinity=zero_infinity
        )
        (gradient,) = torch.autograd.grad(losses.sum(), u)
        return losses.detach().numpy(), gradient.numpy()

    return call


def optax_ctc(logits, labels, label_lengths, frames, blank=0):
    """`optax.ctc_loss`, compiled; log_softmax is part of it. It takes masks in place of lengths."""
    import jax
    import jax.numpy as jnp
    import optax

    double = logits.dtype == np.float64  # in x64 mode, optax would compute float32 in part as float64
    after = np.arange(logits.shape[1]) >= np.array(frames)[:, None]
    unused = np.arange(labels.shape[1]) >= np.array(label_lengths)[:, None]
    with jax.enable_x64(double):
        u, after, unused = (jnp.asarray(array, logits.dtype) for array in (logits, after, unused))
        labels = jnp.asarray(labels)

    @jax.jit
    @partial(jax.value_and_grad, has_aux=True)
    def compiled(u, after, labels, unused):
        losses = optax.ctc_loss(u, after, labels, unused, blank_id=blank)
        return losses.sum(), losses

    def call():
        with jax.enable_x64(double):
            (_, losses), gradient = compiled(u, after, labels, unused)
        return np.asarray(losses), np.asarray(gradient)

    call()  # compiles
    return call


def tensorflow_ctc(logits, labels, label_lengths, frames, blank=0, sparse=False):
    """`tf.nn.ctc_loss` of dense or of sparse labels, two implementations; the softmax is part of both.

    Sparse labels carry their number themselves. Neither takes float64 in `tf.function`.
    """
    if logits.dtype != np.float32:
        raise TypeError(f"logits: tf.nn.ctc_loss in tf.function takes float32 only, got {logits.dtype}")
    import tensorflow as tf

    labels, u = np.array(labels, dtype=np.int32), tf.constant(logits)
    frames = tf.constant(frames, tf.int32)
    if sparse:
        used = np.arange(labels.shape[1]) < np.array(label_lengths)[:, None]
        target, label_lengths = tf.SparseTensor(np.argwhere(used), labels[used], labels.shape), None
    else:
        target, label_lengths = tf.constant(labels), tf.constant(label_lengths, tf.int32)

    @tf.function
    def compiled(u):
        with tf.GradientTape() as tape:
            tape.watch(u)
            losses = tf.nn.ctc_loss(target, u, label_lengths, frames, logits_time_major=False, blank_index=blank)
        return losses, tape.gradient(losses, u)

    def call():
        losses, gradient = compiled(u)
        return losses.numpy(), gradient.numpy()

    call()  # compiles
    return call


def paddle_ctc(logits, labels, label_lengths, frames, blank=0):
    """`paddle.nn.functional.ctc_loss`, its own warp-ctc; the softmax is part of it."""
    import paddle

    paddle.set_device("cpu")
    u = paddle.to_tensor(np.swapaxes(logits, 0, 1), stop_gradient=False)
    labels = paddle.to_tensor(labels, dtype="int32")
    lengths = paddle.to_tensor(frames, dtype="int64"), paddle.to_tensor(label_lengths, dtype="int64")

    def call():
        losses = paddle.nn.functional.ctc_loss(u, labels, *lengths, blank=blank, reduction="none")
        (gradient,) = paddle.grad(losses.sum(), u)
        return losses.numpy().reshape(-1), gradient.numpy().swapaxes(0, 1)

    return call


PEERS = {
    "torch": torch_ctc,
    "torch, zero_infinity": partial(torch_ctc, zero_infinity=True),
    "optax": optax_ctc,
    "tensorflow": tensorflow_ctc,
    "tensorflow, sparse": partial(tensorflow_ctc, sparse=True),
    "paddle": paddle_ctc,
}
