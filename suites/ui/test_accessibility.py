"""Everybody can use the screens: by axe's rules, on a phone, and without a mouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.canaries import Json
from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.screens import Visitor, Visitors
from fixtures.screens.axe import violations
from fixtures.screens.stage import Organization
from fixtures.screens.visitors import PHONE

SCREENS = [
    pytest.param("sign_in", marks=pytest.mark.check("smoke-login")),
    pytest.param("tags", marks=pytest.mark.check("ui-tag-management")),
    pytest.param("approval", marks=pytest.mark.check("ui-tag-approval")),
    pytest.param("courses", marks=pytest.mark.check("ui-course-selector")),
    pytest.param("versions", marks=pytest.mark.check("ui-version-history")),
    pytest.param("play", marks=pytest.mark.check("ui-variants")),
]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
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
    name: str,
) -> None:
    """Nothing that axe calls serious or critical; on a small screen nothing sideways, and every control in reach."""
    visitor = _at(visitors, home, published_course, name)
    path, wide = visitor.screen(name).route, PHONE["width"]

    found = violations(visitor.page)
    visitor.page.set_viewport_size(PHONE)
    overflow, hidden = visitor.page.evaluate(OVERFLOW), visitor.page.evaluate(OUT_OF_REACH)

    visitor.page.screenshot(path=tmp_path / "phone.png")
    evidence.file(tmp_path / "phone.png", f"{name} on a phone")
    evidence.json("axe", [violation.raw for violation in found])
    problems = [str(violation) for violation in found]
    for violation in found:
        script = f"# open {path} as {visitor.name} and run axe in the browser's tools: rule {violation.rule}"
        findings.add(Finding("accessibility", f"screen:{path}", visitor.name, violation.rule, str(violation), script))
    if overflow > 0:
        problems.append(f"it is {overflow} pixels too wide for a screen of {wide}")
    if hidden:
        problems.append(f"controls out of reach on a screen of {wide}: {', '.join(hidden[:5])}")
    assert not problems, f"{path}: " + "; ".join(problems)


def _at(visitors: Visitors, home: Organization, course: Json, name: str) -> Visitor:
    """Whoever may see a screen, in front of it."""
    visitor = visitors.stranger() if name == "sign_in" else visitors.member("org_admin", home.name)
    visitor.screen(name).open(id=course["id"])
    if name == "versions":
        visitor.versions.view(visitor.versions.numbers()[0])  # what it unfolds belongs to the screen
    return visitor
