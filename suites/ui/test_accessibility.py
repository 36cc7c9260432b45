"""Everybody can use the screens: by axe's rules, on a phone, and without a mouse."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from environments.model import Environment
from fixtures.canaries import Canaries, Json
from fixtures.errors import DeadlineExceeded
from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.screens import Visitor, Visitors
from fixtures.screens.axe import violations
from fixtures.screens.stage import Organization
from fixtures.screens.visitors import PHONE
from fixtures.waiting import until

SCREENS = [
    pytest.param("sign_in", marks=pytest.mark.check("smoke-login")),
    pytest.param("tags", marks=pytest.mark.check("ui-tag-management")),
    pytest.param("approval", marks=pytest.mark.check("ui-tag-approval")),
    pytest.param("courses", marks=pytest.mark.check("ui-course-selector")),
    pytest.param("versions", marks=pytest.mark.check("ui-version-history")),
    pytest.param("play", marks=pytest.mark.check("ui-variants")),
]
CONTRAST = "color-contrast"
MENU_WITHIN = 1.0  # seconds
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What of the controls only a mouse comes to. Not meant: parts of a list, menu or the like, in which arrows lead on,
# buttons beside a combobox, and a second link to where another one leads.
MOUSE_ONLY = """() => {
  const led = ["radiogroup", "tablist", "menu", "menubar", "listbox", "grid", "treegrid", "tree", "toolbar"];
  const LED = led.map((role) => `[role=${role}]`);
  const seen = (part) => part.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const aside = (part) => part.closest(["[aria-hidden=true]", "[inert]", ...LED].join())
    || part.matches(":disabled, [aria-disabled=true], [aria-haspopup], [aria-controls], [role=option]")
    || part.parentElement.querySelector("[role=combobox], input[list]");
  const twice = (link) => [...document.links].some((one) => one.tabIndex >= 0 && one.href === link.href);
  const sorts = "a[href], button, input, select, textarea, [role=button], [role=switch], [role=checkbox], [role=link]";
  return [...document.querySelectorAll(sorts)]
    .filter((part) => part.tabIndex < 0 && seen(part) && !aside(part) && !(part.href && twice(part)))
    .map((part) => part.getAttribute("aria-label") ?? part.labels?.[0]?.textContent ?? part.textContent);
}"""
# What a screen leads to or does, by its names.
PRESSABLE = """() => [...document.querySelectorAll("a[href], button, summary")]
  .filter((control) => control.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((control) => (control.getAttribute("aria-label") ?? control.textContent).trim()).filter(Boolean)"""
# What of the controls has something else over it, in the middle of the screen, where a finger would come to it.
# Behind a dialog that waits for an answer, all has.
COVERED = """() => {
  const modals = [...document.querySelectorAll("dialog:modal, [aria-modal=true]")];
  const screen = modals.findLast((modal) => modal.checkVisibility()) ?? document;
  return [...screen.querySelectorAll("a[href], button, select, textarea")]
    .filter((control) => control.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((control) => !control.closest("[aria-hidden=true], [inert]"))
    .filter((control) => {
      control.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      const { left, top, width, height } = control.getBoundingClientRect();
      const hit = document.elementFromPoint(left + width / 2, top + height / 2);
      return hit && !control.contains(hit) && !hit.contains(control) && hit.closest("label")?.control !== control
        && !(control.href && hit.closest("a")?.href === control.href);
    })
    .map((control) => control.getAttribute("aria-label") ?? control.labels?.[0]?.textContent ?? control.textContent);
}"""
# What of the buttons is there and cannot be seen, as long as no mouse is over it: a finger has nothing to hover with.
UNSEEN = """() => [...document.querySelectorAll("button, [role=button]")]
  .filter((control) => control.checkVisibility({ visibilityProperty: true }) && control.tabIndex >= 0)
  .filter((control) => control.textContent.trim() && !control.closest("[aria-hidden=true], [inert]"))
  .filter((control) => {
    let opacity = 1;
    for (let part = control; part; part = part.parentElement) opacity *= getComputedStyle(part).opacity;
    return opacity < 0.1;
  })
  .map((control) => (control.getAttribute("aria-label") ?? control.textContent).trim())"""
# What of the controls cannot be brought into view: cut off at the left, or beyond what the page scrolls to.
OUT_OF_REACH = """() => [...document.querySelectorAll("a[href], button, input, select, textarea")]
  .filter((control) => control.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((control) => !control.closest("[aria-hidden=true]") && !/skip/i.test(control.textContent))
  .filter((control) => {
    control.scrollIntoView({ block: "nearest", inline: "nearest" });
    const { left, right, width, height } = control.getBoundingClientRect();
    return width === 0 || height === 0 || left < -1 || right > document.documentElement.clientWidth + 1;
  })
  .map((control) => control.getAttribute("aria-label") ?? control.labels?.[0]?.textContent ?? control.textContent)"""


@pytest.mark.parametrize("name", SCREENS)
def test_everybody_can_use_it_also_on_a_phone(
    visitors: Visitors,
    home: Organization,
    published_course: Json,
    findings: Findings,
    evidence: Evidence,
    tmp_path: Path,
    environment: Environment,
    request: pytest.FixtureRequest,
    name: str,
) -> None:
    """Nothing that axe calls serious or critical; on a small screen nothing sideways, and every control in reach.

    Of each screen as it is once something was done there, since what is said to it must be readable too: the sign-in
    screen after a wrong password, tags after one was added, a course after an answer. On a phone also as it loads.
    """
    made: tuple[str, str] | None = None
    if name == "tags" and not environment.read_only:
        canaries: Canaries = request.getfixturevalue("canaries")
        made = canaries.tag_type(home.name)["label"], canaries.name("added")
        canaries.tag(home.name, made[0], is_active=False)  # it looks other than the rest
    visitor = _at(visitors, home, published_course, name)
    path = visitor.screen(name).route
    if made:
        visitor.tags.add(*made)
        visitor.tags.expect_value(*made)

    found = violations(visitor.page)
    if name == "play" and visitor.play.shows("check") and visitor.play.may_answer():
        told = visitor.play.told()
        visitor.play.give("", last=True)  # a right answer and a wrong one are told apart by their looks
        visitor.play.click("check")
        with suppress(DeadlineExceeded):  # both may be wrong
            until(lambda: visitor.play.told() != told, within=MENU_WITHIN, what="another verdict")
            found += [each for each in violations(visitor.page, CONTRAST) if str(each) not in map(str, found)]
    mouse_only, wide_has = visitor.page.evaluate(MOUSE_ONLY), visitor.page.evaluate(PRESSABLE)
    _picture(visitor, name, evidence, tmp_path)
    with visitor.on_phone():
        small = _on_phone(visitor, wide_has)
        _picture(visitor, f"{name} on a phone", evidence, tmp_path)
        visitor.page.reload(wait_until="commit")
        visitor.screen(name).expect_ready()
        _unfold(visitor, name)
        small += _on_phone(visitor, wide_has)

    evidence.json("axe", [violation.raw for violation in found])
    problems = [str(violation) for violation in found]
    for violation in found:
        script = f"# open {path} as {visitor.name} and run axe in the browser's tools: rule {violation.rule}"
        findings.add(Finding("accessibility", f"screen:{path}", visitor.name, violation.rule, str(violation), script))
    if mouse_only:
        problems.append(f"the keyboard does not come to {', '.join(mouse_only[:5])}: only a mouse does")
    problems += dict.fromkeys(small)
    assert not problems, f"{path}: " + "; ".join(problems)


def _at(visitors: Visitors, home: Organization, course: Json, name: str) -> Visitor:
    """Whoever may see a screen, in front of it."""
    visitor = visitors.stranger() if name == "sign_in" else visitors.member("org_admin", home.name)
    visitor.screen(name).open(id=course["id"])
    if name == "sign_in":
        visitor.log.allow(400, "/auth/v1/token")
        visitor.sign_in.submit("nobody@greenlight.invalid", "not a password")
        visitor.sign_in.the("refusal")
    _unfold(visitor, name)
    if name == "play" and visitor.play.shows("check"):
        visitor.play.give("")
        visitor.play.press("check")
    return visitor


def _picture(visitor: Visitor, name: str, evidence: Evidence, folder: Path) -> None:
    visitor.page.screenshot(path=folder / "screen.png")
    evidence.file(folder / "screen.png", name)


def _unfold(visitor: Visitor, name: str) -> None:
    """Show the newest snapshot of a history: what a screen unfolds belongs to it."""
    if name == "versions":
        visitor.versions.view(visitor.versions.numbers()[0])


def _on_phone(visitor: Visitor, wide_has: list[str]) -> list[str]:
    """What is wrong with a screen as it is on a phone now."""
    page, wide = visitor.page, PHONE["width"]
    overflow, hidden = page.evaluate(OVERFLOW), page.evaluate(OUT_OF_REACH)
    covered, gone = page.evaluate(COVERED), _gone(visitor, wide_has)
    unseen = page.evaluate(UNSEEN)
    if unseen:  # it may be about to appear
        with suppress(DeadlineExceeded):
            until(lambda: not page.evaluate(UNSEEN), within=MENU_WITHIN, what="buttons to be seen")
        unseen = page.evaluate(UNSEEN)
    problems = {
        f"it is {overflow} pixels too wide for a screen of {wide}": overflow > 0,
        f"controls out of reach on a screen of {wide}: {', '.join(hidden[:5])}": hidden,
        f"on a screen of {wide} something lies over {', '.join(covered[:5])}": covered,
        f"on a screen of {wide} there is no {', '.join(gone[:5])}, and no menu in its place": gone,
        f"without a mouse over it nobody sees {', '.join(unseen[:5])}": unseen,
    }
    return [problem for problem, is_there in problems.items() if is_there]


def _gone(visitor: Visitor, before: list[str]) -> list[str]:
    """What the wide screen had to be pressed and the small one has not, unless a control that it has alone makes up."""

    def gone() -> list[str]:
        now = set(visitor.page.evaluate(PRESSABLE))
        return [] if now - set(before) else [name for name in dict.fromkeys(before) if name not in now]

    with suppress(DeadlineExceeded):  # a program may still be about to put a menu there
        until(lambda: not gone(), within=MENU_WITHIN if gone() else 0, what="a menu")
    return gone()
