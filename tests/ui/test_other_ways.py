"""A front end that does right in other ways than the reference is verified by its labels and its routes alone."""

from __future__ import annotations

from tests.ui.altered import Change, FrontEnds

SCROLLED = """function Pages({ page, pages, set }: { page: number; pages: number; set: Set }) {
  useEffect(() => {
    const more = () => {
      const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 9;
      if (end && page < pages) set({ page: String(page + 1) });
    };
    addEventListener("wheel", more);
    return () => removeEventListener("wheel", more);
  }, [page, pages]);
  return <p>{page < pages ? "Scroll down for more." : "That is all."}</p>;
}

function Numbered({ page"""
WAYS = (
    # Routes behind a #.
    Change(
        "main.tsx",
        'import { render } from "preact";',
        'import { render } from "preact";\nimport { Router } from "wouter";',
    ),
    Change(
        "main.tsx",
        "render(<App />,",
        'import { useHashLocation } from "npm:wouter-preact@3.11.1/use-hash-location";\n'
        "render(<Router hook={useHashLocation}><App /></Router>,",
    ),
    # A list that grows by scrolling down, in the place of pages.
    Change("routes/courses.tsx", "function Pages({ page", SCROLLED),
    Change("routes/courses.tsx", "limit: String(PAGE),", "limit: String(PAGE * page),"),
    Change("routes/courses.tsx", "offset: String((page - 1) * PAGE)", 'offset: "0"'),
    # The browser's own question before what cannot be taken back, and no form.
    Change(
        "routes/versions.tsx",
        "onClick={() => setRestoring(version)}",
        'onClick={() => confirm(`Restore version ${version}?`) && restore(version, "")}',
    ),
    Change("routes/approval.tsx", "onClick={reject}", 'onClick={() => confirm("Reject?") && reject()}'),
    # Signing in is in a dialog.
    Change(
        "routes/sign-in.tsx",
        '  return (\n    <main class="narrow" id="main">',
        "  const [open, setOpen] = useState(false);\n"
        "  if (!open) return <main><h1>LearnPlay</h1><button onClick={() => setOpen(true)}>Members</button></main>;\n"
        '  return (\n    <main class="narrow" id="main">',
    ),
)
SETTINGS = """
"sign_in.open" = "Members"
"versions.changelog" = ""
"versions.confirm" = ""
[web.routes]
sign_in = "/#/auth"
tags = "/#/admin/tags"
approval = "/#/admin/tags/approve"
courses = "/#/admin/courses/select"
versions = "/#/admin/courses/:id/versions"
play = "/#/play/:id"
"""
LOOKING = (
    "test_routes.py::test_every_route_loads_for_those_who_may_see_it_and_refuses_others[org_admin]",
    "test_sign_in.py::test_a_deep_link_survives_signing_in",
    "test_sign_in.py::test_signing_out_ends_the_session",
    "test_sign_in.py::test_an_expired_session_asks_again",
    "test_tag_management.py::test_a_value_that_is_renamed_keeps_its_identity",
    "test_tag_approval.py::test_a_rejected_suggestion_changes_nothing_but_the_queue",
    "test_course_selector.py::test_any_and_all_of_two_tags",
    "test_course_selector.py::test_pages_hold_every_course_once",
    "test_version_history.py::test_a_restore_adds_a_version_and_brings_the_old_text_back",
)
JUDGED = {
    "stg-routes-load",
    "smoke-login",
    "ui-tag-management",
    "ui-tag-approval",
    "ui-course-selector",
    "ui-version-history",
}


def test_other_ways_of_doing_it_are_verified(front_ends: FrontEnds) -> None:
    front_ends.alter(*WAYS)

    ended = front_ends.look(*LOOKING, labels=SETTINGS)

    assert ended.green == JUDGED, ended.output
