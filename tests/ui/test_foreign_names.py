"""Another organization's name is found in whatever way it is shown, and with who saw it; the product's is none."""

from __future__ import annotations

from tests.ui.altered import Change, FrontEnds

LOOKING = "test_two_organizations.py"
MOMENT = """
/** Shows a text until the page was drawn, or from two seconds later on. */
export function Moment({ text, late }: { text: string; late?: boolean }) {
  const [shown, show] = useState(late ? "" : text);
  useEffect(() => void (late ? setTimeout(() => show(text), 2000) : show("")), []);
  return shown ? <i>{shown}</i> : null;
}
"""
COUNT = '<p role="status" aria-busy={list.loading}>{total}'
KEPT = "let last: Awaited<ReturnType<typeof orgConfig>> | undefined;"
CACHE = """  if (config.value) last = config.value;
  const kept = config.value ? [] : (last?.tagTypes ?? []).flatMap(({ tags }) => tags);
  if (kept.length > 0) return <p>{kept.map(({ value }) => <i key={value}>{value}</i>)}</p>;
  const chosen = (query"""
USED = ("courses.tsx", "tags.tsx", "versions.tsx", "play.tsx", "approval.tsx")
SCREENS = (
    Change("components.tsx", "import { useId }", "import { useEffect, useId, useState }"),
    Change("components.tsx", "export function Loading", f"{MOMENT}\nexport function Loading"),
    *(Change(f"routes/{file}", "import { Field, ", "import { Field, Moment, ") for file in USED),
    Change("routes/courses.tsx", "export function Courses", f"{KEPT}\nexport function Courses"),
)


def _at(file: str, place: str, shown: str) -> Change:
    return Change(file, place, f"{shown}{place}")


WAYS = {
    "in a sentence that stays": (
        Change(
            "routes/courses.tsx", "<h1>Courses</h1>", "<h1>Courses</h1>\n      <p>Popular elsewhere: Fleet, Rally</p>"
        ),
        "org_admin of acme came across “Fleet” on the page (/admin/courses/select)",
    ),
    "an address in a sentence": (
        _at("routes/tags.tsx", "<Outcome problem", '<Moment text="Ask editor@globex.test" />'),
        "org_admin of acme came across “editor@globex.test” on the page (/admin/tags)",
    ),
    "a name of two letters": (
        _at("routes/tags.tsx", "<Ready of={types}", '{organization.slug === "globex" && <Moment text="IT" />}'),
        "org_admin of globex came across “IT” on the page (/admin/tags)",
    ),
    "in catalog mode": (
        _at("routes/courses.tsx", '<p role="status">{courses.length}', '<Moment text="Console" />'),
        "org_admin of acme came across “Console” on the page (/admin/courses/select)",
    ),
    "once a tag is chosen": (
        _at("routes/courses.tsx", COUNT, '{chosen.length > 0 && <Moment text="Forces and Motion" />}'),
        "org_admin of acme came across “Forces and Motion” on the page (/admin/courses/select)",
    ),
    "in a snapshot": (
        _at("routes/versions.tsx", '<h2 id="snapshot">', '<Moment text="#Counting to Twenty" />'),
        "org_admin of acme came across “Counting to Twenty” on the page (/admin/courses/first-aid/versions)",
    ),
    "to viewers alone": (
        _at(
            "routes/courses.tsx",
            '<Ready of={list} what="courses">',
            '{current!.role === "viewer" && <Moment text="Product" />}',
        ),
        "viewer of acme, after org_admin of globex on the same page, came across “Product” on the page",
    ),
    "to viewers in the player": (
        _at(
            "routes/play.tsx",
            '<p class="muted">Question {at',
            '{config.organization.slug === "globex" && <Moment text="Department" />}',
        ),
        "viewer of globex, after org_admin of acme on the same page, came across “Department” on the page (/play/",
    ),
    "kept among other words": (
        Change(
            "routes/tags.tsx",
            "  const types = useLoaded(",
            '  if (organization.slug === "globex") localStorage.lately = "Lately: Fire Drill";\n'
            "  const types = useLoaded(",
        ),
        "org_admin of globex came across “Fire Drill” in local storage, lately",
    ),
    "some seconds later": (
        _at("routes/approval.tsx", "<Outcome problem", '<Moment text="Evacuation" late />'),
        "org_admin of globex came across “Evacuation” on the page (/admin/tags/approve)",
    ),
    "kept for the next one on the same page": (
        Change("routes/courses.tsx", "  const chosen = (query", CACHE),
        "org_admin of globex, after org_admin of acme on the same page, came across “Warehouse” on the page",
    ),
}


def test_a_foreign_name_is_found_wherever_it_is_shown(front_ends: FrontEnds) -> None:
    """Each way shows another name, so that each is seen by itself."""
    front_ends.alter(*SCREENS, *(change for change, _ in WAYS.values()))

    ended = front_ends.look(LOOKING)

    assert ended.red == {"must-no-leaks"}, ended.output
    found = "\n".join(f"{each.actor} {each.observed}" for each in ended.verdict.findings)
    for way, (_, said) in WAYS.items():
        assert said in found, f"{way}: {said}\n{found}"


def test_a_product_that_is_called_as_one_of_its_tenants_leaks_nothing(front_ends: FrontEnds) -> None:
    """What the sign-in screen says, it says to everybody."""
    front_ends.alter()

    ended = front_ends.look(LOOKING, tenants=("learnplay", "acme"))

    assert ended.green == {"must-no-leaks"}, ended.output
