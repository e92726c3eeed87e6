"""The exercises: every known bug is named, what is right passes, and the page judges as Python does."""

import math
import re
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import numpy as np
import pytest

from ctc_exercises import EXERCISES, check, choose, expression, number

AXE = Path(__file__).parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
BUGS = [(task, bug) for task in EXERCISES.values() for bug in task.bugs]
bugs = pytest.mark.parametrize("task, bug", BUGS, ids=[f"{task.name}-{bug}" for task, bug in BUGS])
programs = pytest.mark.parametrize("task", EXERCISES.values(), ids=EXERCISES)


# --- programs ---------------------------------------------------------------------------------


@programs
def test_right_solution_passes(task):
    verdict = check(task.name, task.solution)
    assert verdict.title == "Right" and verdict.text == f"{len(task.cases)} cases agree."


@programs
def test_statement(task):
    verdict = check(task.name)
    assert verdict.title == "To do" and f"`{task.name}(" in verdict.text and task.statement in verdict.text


@bugs
def test_known_bug_is_named(task, bug):
    """By its own diagnosis, so no two bugs of an exercise can look the same; and the docstring is one."""
    function = task.bugs[bug]
    verdict = check(task.name, function)
    assert verdict.title == "Not yet"
    assert verdict.diagnosis.startswith(" ".join(function.__doc__.split()))


@pytest.mark.parametrize("name, bug", [("loss", "repeat_rule_missing"), ("collapse", "blanks_first")])
def test_known_bug_is_named_though_it_crashes_elsewhere(name, bug):
    """As a reader's function often does for the empty labelling."""

    def fragile(*arguments):
        return EXERCISES[name].bugs[bug](*arguments) if len(arguments[-1]) else arguments[-1][0]

    assert check(name, fragile).diagnosis.startswith(EXERCISES[name].bugs[bug].__doc__)


@programs
def test_unknown_mistake_gets_no_diagnosis(task):
    """What is wrong in no known way is not taken for a known bug."""

    def shuffled(*arguments):
        return np.asarray(task.solution(*arguments), dtype=float) + 0.123

    verdict = check(task.name, shuffled)
    assert verdict.title == "Not yet" and "You " not in verdict.diagnosis and "This is" not in verdict.diagnosis


def starter(y, labelling): ...


def crash(y, labelling):
    return y[99]


@pytest.mark.parametrize(
    "function, said",
    [
        (starter, "Your function returned nothing. Does it end with `return`?"),
        (crash, "Your function raised IndexError in line 2, `return y[99]`: index 99 is out of bounds"),
        (lambda y: y, "takes 1 positional argument but 2 were given"),
        (lambda y, labelling: np.zeros((3, 3)), "The shape of your result is (3, 3), expected (2, 3)."),
        (lambda y, labelling: EXERCISES["forward"].solution(y, labelling).T, "It looks transposed."),
        (lambda y, labelling: "alpha", "Your function returned a str, not an array of numbers."),
        (lambda y, labelling: [[0.5], [0.5, 0.5]], "Your function returned a list, not an array of numbers."),
        (lambda y, labelling: 0.25, "The shape of your result is (), expected (2, 3)."),
    ],
)
def test_failures_are_told_in_words(function, said):
    verdict = check("forward", function)
    text = re.sub(r"line \d+", "line 2", repr(verdict))
    assert said in text and "Traceback" not in text
    assert verdict.rows["input"] == "y = [[0.5 0.5]\n     [0.5 0.5]]\nlabelling = (1,)"
    assert verdict.rows["expected"] == "[[0.5  0.5  0.  ]\n [0.25 0.5  0.25]]"


def test_smallest_failure_is_shown():
    verdict = check("collapse", EXERCISES["collapse"].bugs["blanks_first"])
    assert verdict.rows == {"input": "path = (1, 0, 1)", "expected": "(1, 1)", "yours": "(1,)"}


def test_first_difference():
    assert "at [1, 3]: expected 0.15, yours is 0." in repr(
        check("forward", EXERCISES["forward"].bugs["skip_forgotten"])
    )


def test_readers_may_return_lists_and_change_their_arguments():
    def spoils(y, labelling):
        alpha = EXERCISES["forward"].solution(y, labelling).tolist()
        y[:] = 0
        return alpha

    assert check("forward", spoils).title == check("forward", spoils).title == "Right"


def test_misuse_of_check():
    with pytest.raises(ValueError, match="no exercise 'colapse', did you mean 'collapse'"):
        check("colapse", len)
    with pytest.raises(TypeError, match="pass the function itself"):
        check("collapse", (1, 2))


# --- questions --------------------------------------------------------------------------------


def recall():
    options = {"<var>a</var> < b": "Because a & b.", 7: "Too many.", 6: "Too few."}
    return choose("Which x<sup>2</sup> & y<sub>t−1</sub>?", options, answer="<var>a</var> < b")


def by_hand():
    return number("How much?", 0.0168, unit="nats", hints={0.336: "Not <em>divided</em>.", 84: "Sum."})


def derived():
    return expression("α?", lambda a, b, y: (a + b) * y, hints={lambda a, b, y: a + b * y: "Bracket it."})


def verdict():
    return check("forward", EXERCISES["forward"].bugs["skip_forgotten"])


displayed = pytest.mark.parametrize("make", [recall, by_hand, derived, verdict])


@displayed
def test_output_is_the_same_every_time(make):
    assert make()._repr_html_() == make()._repr_html_()
    assert repr(make()) == repr(make()) and "<" not in repr(make()).replace("a < b", "")
    assert not re.search(r"0x[0-9a-f]{6}|\bnan\b|-0\b", make()._repr_html_().split("<script>")[0])


@displayed
def test_html_is_well_formed(make):
    class Tags(HTMLParser):
        open = ()

        def handle_starttag(self, tag, attributes):
            if tag != "input":
                self.open = (*self.open, tag)

        def handle_endtag(self, tag):
            assert self.open[-1] == tag
            self.open = self.open[:-1]

    parser = Tags()
    parser.feed(make()._repr_html_())
    assert parser.open == ()


def test_text_without_tags():
    assert repr(recall()) == "Which x^2 & y_{t−1}?\n  ( ) a < b\n  ( ) 7\n  ( ) 6"
    assert repr(by_hand()) == "How much? (nats)"
    assert repr(derived()) == "α? (in a, b, y)"


@pytest.mark.parametrize(
    "misuse, message",
    [
        (lambda: choose("?", {"a": "x", "b": "y"}, answer="c"), "'c' is not among the options"),
        (lambda: choose("?", {"a": "x"}, answer="a"), "two or more"),
        (lambda: choose("?", {"a": "x", "b": ""}, answer="a"), "feedback"),
        (lambda: number("?", 0.5, hints={0.501: "no"}), "counts as right"),
        (lambda: number("?", math.nan), "NaN"),
        (lambda: expression("?", lambda a: a, {"b": [1]}), r"expected values for \['a'\]"),
        (lambda: expression("?", lambda a, b: a, {"a": [1], "b": [1, 2]}), "the same number of each"),
        (lambda: expression("?", lambda a: a, hints={lambda a: a + 0: "no"}), "this is the right answer"),
    ],
)
def test_misuse_by_the_author(misuse, message):
    with pytest.raises(ValueError, match=message):
        misuse()


# --- on a page, without a kernel --------------------------------------------------------------


@pytest.fixture(scope="module")
def phone(browser):
    context = browser.new_context(viewport={"width": 375, "height": 667})
    yield context.new_page()
    context.close()


@pytest.fixture
def show(phone):
    """Show exercises on a bare page; an error on the page fails the test."""
    errors = []

    def log(error):
        errors.append(str(error))

    phone.on("pageerror", log)

    def fill(*outputs):
        html = "\n".join(output._repr_html_() for output in outputs)
        phone.goto("about:blank")  # forgets the element that the last test defined
        phone.set_content(
            f'<!doctype html><html lang="en"><title>Exercises</title><main><h1>Exercises</h1>{html}</main>'
        )
        return phone

    yield fill
    phone.remove_listener("pageerror", log)
    assert errors == []


def reply(page, answer, nth=0):
    """Type an answer, press Enter, and return (right or wrong, what is said)."""
    exercise = page.locator("ctc-exercise").nth(nth)
    exercise.locator("input").fill(answer)
    exercise.locator("input").press("Enter")
    return exercise.get_attribute("data-state"), exercise.locator("output").inner_text().strip()


def test_choose_on_the_page(show):
    page = show(recall(), recall())  # twice: they must not share their radio buttons
    first, second = page.locator("ctc-exercise").all()
    first.get_by_label("7").check()
    assert first.locator("output").inner_text() == "Not yet. Too many."
    second.get_by_label("a < b").check()
    assert second.get_attribute("data-state") == "right"
    assert second.locator("output").inner_text() == "Right. Because a & b."
    assert first.get_attribute("data-state") == "wrong" and first.get_by_label("7").is_checked()
    page.keyboard.press("ArrowDown")
    assert second.locator("output").inner_text() == "Not yet. Too many."


@pytest.mark.parametrize(
    "answer", ["0.25", ".25", "0,25", "1/4", "25 %", "2.5e-1", " 1 / 4 ", "−ln(exp(−0.25))", "2^-2", "0.249"]
)
def test_number_in_any_spelling(show, answer):
    assert reply(show(number("?", 0.25)), answer) == ("right", "Right.")


def test_number_says_what_is_wrong(show):
    page = show(by_hand(), number("?", 5), number("?", np.inf), number("?", 0.0))
    assert reply(page, "") == ("wrong", "Not yet. Type your answer first.")
    assert reply(page, "0.02") == ("wrong", "Not yet. 0.02 is too large.")
    assert reply(page, "0.01") == ("wrong", "Not yet. Expected 0.0168, yours is 0.01.")
    assert reply(page, "0.3361") == ("wrong", "Not yet. Not divided.")
    assert reply(page, "ln(-1)") == ("wrong", "Not yet. This is not a number.")
    assert reply(page, "<b>") == ("wrong", "Not yet. “<” is not expected here.")
    assert reply(page, "0,0168")[0] == "right"
    assert reply(page, "5.01", 1)[0] == "wrong"
    assert reply(page, "5", 1)[0] == "right"
    assert reply(page, "1000", 2)[0] == "wrong"
    assert reply(page, "inf", 2)[0] == reply(page, "∞", 2)[0] == "right"
    assert reply(page, "-0", 3)[0] == "right"
    page.locator("ctc-exercise").nth(1).locator("input").fill("4")
    page.locator("ctc-exercise").nth(1).get_by_role("button", name="Check").click()
    assert page.locator("ctc-exercise").nth(1).get_attribute("data-state") == "wrong"


@pytest.mark.parametrize(
    "formula, said",
    [
        ("(a + b) * y", "Right."),
        ("y·a + b×y", "Right."),
        ("exp(ln(a + b) + ln(y))", "Right."),
        ("a + b*y", "Not yet. Bracket it. At a = "),
        ("a * y", "Not yet. At a = 0.5, b = 0.22, y = 0.84: expected 0.6048, yours is 0.42."),
        ("ln(-a)", "yours is not a number."),
        ("(a + b)y", "Not yet. “y” is not expected here: write * for “times”."),
        ("(a + b", "Not yet. A closing parenthesis is missing."),
        ("a +", "Not yet. Something is missing at the end."),
        ("a + c", "Not yet. “c” is not known here. You may use: a, b, y."),
        ("constructor", "Not yet. “constructor” is not known here."),
        ("ln a", "Not yet. Write ln(…), with parentheses."),
        ("a)", "Not yet. “)” is not expected here."),
        ("* a", "Not yet. “*” is not expected here."),
    ],
)
def test_expression_on_the_page(show, formula, said):
    assert said in reply(show(derived()), formula)[1]


def formulas(n):
    """Random formulas, with awkward signs and brackets."""
    random = Random(2006)

    def grow(depth):
        if depth == 0 or random.random() < 0.1:
            return random.choice(["a", "b", "y", "2", ".5", "1.25e-1", "3"])
        x, y = grow(depth - 1), grow(depth - 1)
        shapes = f"{x} + {y}|{x} - {y}|{x}*{y}|({x}) * ({y})|{x} - ({y})|{x} - -{y}|-{x}|({x})^2"
        shapes += f"|{x}/b|-a^2^3 + {y}|2^-y/a - {y}|exp(-({x})^2)|ln(1 + exp(a))/y^2|sqrt(a*b)*({y})|+{x}*-b"
        return random.choice(shapes.split("|"))

    return [grow(4) for _ in range(n)]


def in_python(formula):
    names = {"ln": math.log, "exp": math.exp, "sqrt": math.sqrt}
    return lambda a, b, y: eval(formula.replace("^", "**"), names, {"a": a, "b": b, "y": y})


def test_parser_agrees_with_python(show):
    """Each formula is right where Python's own value is asked for, and wrong when it is a little off."""
    texts = formulas(200)
    page = show(*(expression(text, in_python(text)) for text in texts))
    judge = """(texts) => [...document.querySelectorAll("ctc-exercise")].map((exercise, i) => {
        exercise.querySelector("input").value = texts[i];
        exercise.querySelector("form").requestSubmit();
        return exercise.dataset.state;
    })"""
    judged = page.evaluate(judge, texts)
    assert [text for text, state in zip(texts, judged, strict=True) if state != "right"] == []
    judged = page.evaluate(judge, [f"1.0001*({text}) + 0.0001" for text in texts])
    assert [text for text, state in zip(texts, judged, strict=True) if state != "wrong"] == []


def test_works_as_a_notebook_inserts_it(show):
    """JupyterLab sets innerHTML, then runs the scripts; a second output finds the element defined."""
    page = show()
    insert = """(html) => {
        const output = document.createElement("div");
        output.innerHTML = html;
        document.querySelector("main").append(output);
        for (const old of output.querySelectorAll("script")) {
            const script = document.createElement("script");
            script.textContent = old.textContent;
            old.replaceWith(script);
        }
        document.querySelector("main").prepend(output); // cells get moved
    }"""
    for _ in range(2):
        page.evaluate(insert, by_hand()._repr_html_())
    for nth in range(2):
        assert reply(page, "0.02", nth) == ("wrong", "Not yet. 0.02 is too large.")  # one try: judged once
        assert reply(page, "0.0168", nth)[0] == "right"


def test_reads_well_without_a_script(browser):
    """So it is in an untrusted notebook, too: question and options as text, no field that does not answer."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(recall()._repr_html_() + by_hand()._repr_html_())
    assert page.get_by_text("Which", exact=False).is_visible() and page.get_by_text("How much?").is_visible()
    assert page.locator("li").all_text_contents() == ["a < b", "7", "6"]
    assert not page.locator("input, button").count()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_is_accessible_and_fits_a_phone(show, theme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make html`")
    page = show(recall(), by_hand(), by_hand(), derived(), verdict(), check("forward"), check("extend", len))
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.add_style_tag(content="[data-theme=dark] body { background: #14181e; color: #ddd }")
    page.get_by_label("7").check()
    reply(page, "1", 1)
    reply(page, "0.0168", 2)
    reply(page, "a", 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in found for node in rule["nodes"]] == []
