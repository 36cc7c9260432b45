"""Each fault that is planted in the front end turns the items that it breaks red, no other, and is named.

Faults of different screens are planted together, since a run costs more than a fault: a round's faults break different
items, or are each for one check to find, so that each is seen by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from tests.ui.altered import OUT, Change, FrontEnds

SELECTOR = {"must-course-filters", "ui-course-selector"}
ROUTES = {"stg-routes-load", "stg-no-console-errors"}
HISTORY = {"smoke-version-history", "must-version-history", "ui-version-history"}
ADDING = "test_tag_management.py::test_a_value_that_is_added_is_there"
PLAYER = "export function Play({ id }: { id: string }) {"


@dataclass(frozen=True)
class Fault:
    """What is changed, which checks look, which items must be red and which of them green, what must be said."""

    changes: tuple[Change, ...]
    looking: tuple[str, ...]
    red: set[str]
    green: set[str]
    said: str


def fault(
    file: str, old: str, new: str, *looking: str, red: set[str], said: str, green: set[str] = frozenset()
) -> Fault:  # type: ignore[assignment]
    return Fault((Change(file, old, new),), looking, red, set(green), said)


FAULTS = {
    "a filter that filters nothing": fault(
        "routes/courses.tsx",
        'tagIds: chosen.join(","),',
        'tagIds: "",',
        "test_course_selector.py",
        red=SELECTOR,
        green={"smoke-course-selector", "smoke-catalog-mode"},
        said="filtered by",
    ),
    "a count that is wrong": fault(
        "routes/courses.tsx",
        '<p role="status" aria-busy={list.loading}>{total}',
        '<p role="status" aria-busy={list.loading}>{total + 1}',
        "test_course_selector.py::test_a_tag_narrows_the_list_to_what_the_api_gives",
        red=SELECTOR,
        said="expected",
    ),
    "pages that repeat": fault(
        "routes/courses.tsx",
        "offset: String((page - 1) * PAGE)",
        'offset: "0"',
        "test_course_selector.py::test_pages_hold_every_course_once",
        "test_course_selector.py::test_any_and_all_of_two_tags",
        red={"ui-course-selector"},
        said="the next page lists the same again",
    ),
    "All that means Any": fault(
        "routes/courses.tsx",
        'matchAll: matchAll ? "true" : undefined',
        "matchAll: undefined",
        "test_course_selector.py::test_any_and_all_of_two_tags",
        "test_course_selector.py::test_a_search_finds_what_the_api_finds",
        red={"ui-course-selector"},
        green={"must-course-filters"},
        said="All of two tags",
    ),
    "a restore that only says so": fault(
        "routes/versions.tsx",
        'await call<{ newVersion: number }>("restore-course-version", {\n'
        "        body: { courseId: id, version, changelog: changelog.trim() || undefined },\n"
        "      });",
        "{ newVersion: version + 2, changelog };",
        "test_version_history.py",
        red={"ui-version-history"},
        green={"smoke-version-history", "must-version-history"},
        said="View version 3",
    ),
    "an order that is reversed": fault(
        "routes/versions.tsx",
        "versions: dataOf(versions) }",
        "versions: dataOf(versions).reverse() }",
        "test_version_history.py::test_versions_stand_newest_first_with_what_is_known_of_them",
        red=HISTORY,
        said="versions, or their order, differ",
    ),
    "a fallback that takes the wrong level": fault(
        "course.ts",
        "[level, fallback, ...Object.keys(variants)]",
        "[level, ...Object.keys(variants)]",
        "test_variants.py",
        red={"ui-variants"},
        green={"week4-variants", "should-variants"},
        said="must read",
    ),
    "levels that all show the same": fault(
        "course.ts",
        "[level, fallback, ...Object.keys(variants)]",
        "[fallback, ...Object.keys(variants)]",
        "test_variants.py::test_a_learner_switches_levels_of_a_course_that_is_there",
        red={"week4-variants", "should-variants"},
        said="shows the same text at",
    ),
    "a choice that a reload forgets": fault(
        "routes/play.tsx",
        "localStorage.setItem(CHOICE, id);",
        "",
        "test_variants.py::test_a_learner_switches_levels_of_a_course_that_is_there",
        "test_variants.py::test_no_level_is_offered_where_the_organization_hides_it",
        red={"week4-variants", "should-variants"},
        green={"ui-variants"},
        said="a reload forgot it",
    ),
    "levels offered where they are hidden": fault(
        "routes/play.tsx",
        "config.variantConfig.difficulty.exposeToUsers && levels.length > 0",
        "levels.length > 0",
        "test_variants.py::test_no_level_is_offered_where_the_organization_hides_it",
        "test_variants.py::test_a_learner_switches_levels_of_a_course_that_is_there",
        red={"ui-variants"},
        green={"week4-variants", "should-variants"},
        said="hides levels",
    ),
    "an error that is hidden from the console": fault(
        "routes/play.tsx",
        PLAYER,
        PLAYER + "\n  const said = console.error;\n  console.error = () => {};\n"
        '  console.error("no such course card");\n  console.error = said;',
        "test_routes.py",
        red=ROUTES,
        green={"stg-site-accessible"},
        said="no such course card (on /play/",
    ),
    "an exception that somebody swallows": fault(
        "routes/play.tsx",
        PLAYER,
        PLAYER + '\n  globalThis.onunhandledrejection = () => false;\n  Promise.reject(new Error("a card is lost"));',
        "test_routes.py::test_no_route_reports_an_error",
        red={"stg-no-console-errors"},
        said="uncaught exception: a card is lost",
    ),
    "another organization's tag for a moment": fault(
        "routes/courses.tsx",
        "  const config = useLoaded(() => orgConfig(current!.id), [current!.id]);\n  const chosen",
        '  const [cached, forget] = useState("Fleet");\n  useEffect(() => forget(""), []);\n'
        "  const config = useLoaded(() => orgConfig(current!.id), [current!.id]);\n"
        "  if (cached) return <p>{cached}</p>;\n  const chosen",
        "test_two_organizations.py",
        "test_course_selector.py::test_it_lists_own_and_global_courses_and_no_other",
        red={"must-no-leaks"},
        green={"smoke-course-selector", "must-course-filters", "ui-course-selector"},
        said="came across “Fleet” on the page (/admin/courses/select)",
    ),
    "another organization's tag kept in the browser": fault(
        "routes/courses.tsx",
        "  const config = useLoaded(() => orgConfig(current!.id), [current!.id]);\n  const chosen",
        '  sessionStorage.setItem("tags", JSON.stringify(["Fleet"]));\n'
        "  const config = useLoaded(() => orgConfig(current!.id), [current!.id]);\n  const chosen",
        "test_two_organizations.py",
        red={"must-no-leaks"},
        said="came across “Fleet” in session storage",
    ),
    "a button that only the mouse can reach": fault(
        "routes/approval.tsx",
        '<button type="button" class="primary" disabled={busy} aria-label={`Approve ${title}`} onClick={approve}>'
        "Approve</button>",
        '<span class="primary" role="button" aria-label={`Approve ${title}`} onClick={approve}>Approve</span>',
        "test_tag_approval.py",
        red={"ui-tag-approval"},
        green={"smoke-tag-approval"},
        said="the keyboard does not reach the button named “Approve greenlight-",
    ),
    "markup that runs": fault(
        "routes/courses.tsx",
        "<h2>{course.title || course.id}</h2>",
        "<h2 dangerouslySetInnerHTML={{ __html: course.title || course.id }} />",
        "test_markup.py",
        red={"ui-course-selector"},
        green={"ui-variants", "ui-version-history", "ui-tag-management", "ui-tag-approval"},
        said="markup",
    ),
    "a wrong password that nobody mentions": fault(
        "routes/sign-in.tsx",
        'if (error?.code === "invalid_credentials") throw new Problem("Wrong e-mail address or password.");',
        'if (error?.code === "invalid_credentials") return;',
        "test_sign_in.py::test_a_wrong_password_says_so",
        "test_routes.py::test_the_site_opens",
        red={"smoke-login"},
        green={"stg-site-accessible"},
        said="/wrong|invalid|incorrect",
    ),
    "a session that signing out leaves behind": fault(
        "session.tsx",
        "const { error } = await supabase.auth.signOut();\n"
        '  if (error) await supabase.auth.signOut({ scope: "local" });',
        'await Promise.resolve(Object.keys(localStorage).filter((key) => key.endsWith("-auth-token"))'
        '.forEach((key) => localStorage.removeItem(key)));\n  location.assign("/auth");',
        "test_sign_in.py::test_signing_out_ends_the_session",
        "test_sign_in.py::test_members_sign_in",
        red={"smoke-login"},
        said="can still be renewed",
    ),
    "a deep link that is forgotten": fault(
        "app.tsx",
        'new URLSearchParams(search).get("next") ?? HOME',
        "HOME",
        "test_sign_in.py::test_a_deep_link_survives_signing_in",
        red={"smoke-login"},
        said="Tag Management",
    ),
    "a screen of admins that a viewer gets": fault(
        "routes/tags.tsx",
        'current!.role === "org_admin" || current!.role === "superadmin"',
        "true",
        "test_routes.py::test_every_route_loads_for_those_who_may_see_it_and_refuses_others",
        "test_tag_management.py::test_a_viewer_cannot_change_tags_in_the_screen_or_behind_it",
        "test_tag_management.py::test_the_screen_lists_what_the_organization_has",
        red={"stg-routes-load", "ui-tag-management"},
        green={"smoke-tag-management", "must-tag-management"},
        said="nothing says that only admins may",
    ),
    "a rename and a switch that are not stored": fault(
        "tags.ts",
        'dataOf(await supabase.from("tags").update(row).eq("id", value.id).select("id").single());\n    return;',
        "Object.assign(value, change);\n    return;",
        "test_tag_management.py::test_a_value_that_is_renamed_keeps_its_identity",
        "test_tag_management.py::test_a_value_that_is_deactivated_is_offered_no_longer",
        "test_tag_management.py::test_the_screen_lists_what_the_organization_has",
        red={"ui-tag-management"},
        green={"smoke-tag-management", "must-tag-management"},
        said="test_a_value_that_is_renamed_keeps_its_identity: ",  # on the screen, or already in the database
    ),
    "values that are left out": fault(
        "tags.ts",
        "values: [...chosen.values()].filter((value) => value.type_key === key)",
        "values: [...chosen.values()].filter((value) => value.type_key === key && value.slug.length < 9)",
        "test_tag_management.py::test_the_screen_lists_what_the_organization_has",
        red={"smoke-tag-management", "must-tag-management", "ui-tag-management"},
        said="the organization has",
    ),
    "an approval that does not reach the course": fault(
        "routes/approval.tsx",
        'dataOf(await supabase.from("course_metadata").update({ tag_ids })'
        '.eq("id", suggestion.course_id).select("id").single());',
        "",
        "test_tag_approval.py",
        red={"ui-tag-approval"},
        green={"smoke-tag-approval"},
        said="does not bear the tags",
    ),
    "a picture that says nothing to who cannot see it": fault(
        "routes/tags.tsx",
        "<h1>Tag Management</h1>",
        '<h1>Tag Management</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="9" height="9" />',
        "test_accessibility.py",
        red={"ui-tag-management"},
        green={"ui-tag-approval", "ui-course-selector", "ui-version-history", "ui-variants"},
        said="image-alt",
    ),
    "a toolbar that is too wide for a phone": fault(
        "styles.css",
        ".toolbar {\n  display: flex;\n  flex-wrap: wrap;",
        ".toolbar {\n  display: flex;\n  min-width: 40rem;",
        "test_accessibility.py",
        red={"ui-course-selector"},
        green={"ui-tag-management", "ui-tag-approval", "ui-version-history", "ui-variants"},
        said="pixels too wide",
    ),
    "labels that are somebody else's": Fault(
        (
            Change("routes/tags.tsx", "Add to {type.label}", "New tag"),
            Change("routes/tags.tsx", "label={`New value for ${type.label}`}", 'label="What"'),
            Change(
                "routes/tags.tsx", "<input id={id} required value={added}", '<input id={id} type="search" value={added}'
            ),
        ),
        (ADDING,),
        {"ui-tag-management"},
        set(),
        "no textbox named “New value for greenlight-",
    ),
    "a front end of another project": fault(
        "routes/courses.tsx",
        'useTitle("Courses");',
        'useTitle("Courses");\n'
        '  useEffect(() => void fetch("https://elsewhere.supabase.co/rest/v1/tags").catch(() => {}), []);',
        "test_front_end_deployed.py",
        red={"stg-frontend-deployed"},
        said="elsewhere.supabase.co",
    ),
}

CONFIG = "  const config = useLoaded(() => orgConfig(current!.id), [current!.id]);\n  const chosen"
EACH_COURSE = '{courses.map((course) => (\n                  <li key={course.id} class="card">'
LISTS = "test_course_selector.py::test_it_lists_own_and_global_courses_and_no_other[viewer]"
SEARCHES = "test_course_selector.py::test_a_search_finds_what_the_api_finds"
MATCHES = "test_course_selector.py::test_any_and_all_of_two_tags"
MODES = "test_course_selector.py::test_the_mode_switches_between_metadata_and_catalog"
SNAPSHOT = "test_version_history.py::test_a_snapshot_shows_what_was_published"
RESTORE = "test_version_history.py::test_a_restore_adds_a_version_and_brings_the_old_text_back"
LEVELS = "test_variants.py::test_every_level_shows_its_text_or_the_fallback"
NO_LEVELS = "test_variants.py::test_no_level_is_offered_where_the_organization_hides_it"
SWITCH = "test_tag_management.py::test_a_type_is_switched_off_and_on"
PLACE = "test_tag_management.py::test_a_type_takes_the_label_and_place_that_it_is_given"
VIEWER = "test_tag_management.py::test_a_viewer_cannot_change_tags_in_the_screen_or_behind_it"
APPROVES = "test_tag_approval.py::test_an_approved_suggestion_becomes_tags_of_its_course"
REJECTS = "test_tag_approval.py::test_a_rejected_suggestion_changes_nothing_but_the_queue"
HTML = "dangerouslySetInnerHTML={{ __html: "
SWITCHED = "await saveType(organization.id, type, { isEnabled: !type.isEnabled });"
MANAGES = 'const mayManage = current!.role === "org_admin" || current!.role === "superadmin";'

# As somebody hands them in who does not know the checks: each looks right at first.
SUBTLE = {
    "All that holds on the first page": fault(
        "routes/courses.tsx",
        'matchAll: matchAll ? "true" : undefined',
        'matchAll: matchAll && page === 1 ? "true" : undefined',
        MATCHES,
        red={"ui-course-selector"},
        said="All of two tags",
    ),
    "a link that leads to another course": fault(
        "routes/courses.tsx",
        "href={`/play/${encodeURIComponent(course.id)}`}",
        "href={`/play/${encodeURIComponent(courses[0].id)}`}",
        LISTS,
        red={"smoke-course-selector", *SELECTOR},
        said="leads to",
    ),
    "a search that minds the case": fault(
        "routes/courses.tsx",
        EACH_COURSE,
        EACH_COURSE.replace("courses.map", 'courses.filter(({ title }) => title.includes(search ?? "")).map'),
        SEARCHES,
        red=SELECTOR,
        said="does not list",
    ),
    "a catalog that is not searched": fault(
        "routes/courses.tsx",
        "title.toLowerCase().includes(search.trim().toLowerCase())",
        "title !== search",
        MODES,
        red={"smoke-catalog-mode", "ui-course-selector"},
        said="searching the catalog",
    ),
    "a catalog mode that is none": fault(
        "routes/courses.tsx",
        '{mode === "metadata" ? <FromMetadata',
        "{mode ? <FromMetadata",
        MODES,
        red={"smoke-catalog-mode", "ui-course-selector"},
        said="after choosing catalog mode",
    ),
    "a player that keeps the old text": fault(
        "routes/play.tsx",
        "return own.includes(course.organization_id) ?",
        "const kept = localStorage[id];\n  if (kept) return JSON.parse(kept);\n"
        "  localStorage[id] = JSON.stringify(await ownFile(id).catch(() => null));\n"
        "  return own.includes(course.organization_id) ?",
        RESTORE,
        red={"ui-version-history"},
        said="must show the old text",
    ),
    "times that are all the newest one's": fault(
        "routes/versions.tsx",
        "{formatTime(published_at)}",
        "{formatTime(versions[0].published_at)}",
        "test_version_history.py::test_versions_stand_newest_first_with_what_is_known_of_them[viewer]",
        red=HISTORY,
        said="version 1 was published at",
    ),
    "a snapshot that is the current text": fault(
        "routes/versions.tsx",
        'async () => dataOf(await supabase.rpc("get_version_snapshot", { course, version })),',
        "async () => JSON.parse(await "
        '(await supabase.storage.from("courses").download(`${course}/course.json`)).data!.text()),',
        SNAPSHOT,
        red={"must-version-history", "ui-version-history"},
        said="which is of another version",
    ),
    "a snapshot that is too wide for a phone": fault(
        "styles.css",
        ".card-head {",
        "#snapshot { min-width: 50rem; }\n.card-head {",
        "test_accessibility.py::test_everybody_can_use_it_also_on_a_phone[versions]",
        red={"ui-version-history"},
        said="pixels too wide",
    ),
    "an explanation that does not fall back": fault(
        "course.ts",
        "explanation: at(item.explanation ?? item.explain)",
        'explanation: (item.explanation as { variants: Record<string, string> })?.variants[level ?? ""] '
        '?? item.explain ?? ""',
        LEVELS,
        red={"ui-variants"},
        said="the explanation of question “no-beginner” at beginner must read",
    ),
    "levels offered from the second question on": fault(
        "routes/play.tsx",
        "      {exposed && (",
        "      {(exposed || (at > 0 && levels.length > 0)) && (",
        NO_LEVELS,
        red={"ui-variants"},
        said="levels are hidden here, and question 2",
    ),
    "a choice of levels that nobody sees": fault(
        "routes/play.tsx",
        "      {questions.length === 0",
        '      {!exposed && <div aria-hidden="true" style="position: absolute; left: -9999px"><select>'
        "{levels.map(({ id, label }) => <option key={id}>{label}</option>)}</select></div>}\n"
        "      {questions.length === 0",
        NO_LEVELS,
        red={"ui-variants"},
        said="levels are hidden here, and question 1",
    ),
    "a hidden level that still counts": fault(
        "routes/play.tsx",
        "exposed && known(chosen)",
        "known(chosen)",
        NO_LEVELS,
        red={"ui-variants"},
        said="at intermediate must read",
    ),
    "markup that runs in an explanation": fault(
        "routes/play.tsx",
        "<p>{question.explanation}</p>",
        f"<p {HTML}question.explanation }}}} />",
        "test_markup.py::test_markup_in_a_question_stays_text_in_the_player",
        red={"ui-variants"},
        said="the markup in a text (question) became a part of /play/",
    ),
    "markup that runs in a message": fault(
        "components.tsx",
        'role="status">{done}</p>;',
        f'role="status" {HTML}done ?? "" }}}} />;',
        "test_markup.py::test_markup_in_a_tag_stays_text_where_it_is_managed",
        red={"ui-tag-management"},
        said="the markup in a text (added) became a part of /admin/tags",
    ),
    "buttons for a moment": Fault(
        (
            Change(
                "routes/tags.tsx",
                MANAGES,
                "const [asked, ask] = useState(false);\n  useEffect(() => ask(true), []);\n"
                '  if (!asked) return <button type="button">Add to all</button>;\n' + MANAGES,
            ),
            Change("routes/tags.tsx", "import { useState }", "import { useEffect, useState }"),
        ),
        (VIEWER,),
        {"ui-tag-management"},
        set(),
        "the screen offered a viewer for a moment: ",
    ),
    "a switch that takes the values with it": fault(
        "routes/tags.tsx",
        SWITCHED,
        SWITCHED + "\n      for (const value of type.values) await saveValue(organization.id, value, "
        "{ is_active: !type.isEnabled });",
        SWITCH,
        red={"ui-tag-management"},
        said="the type was switched off; of its value the database says",
    ),
    "a saving that switches on": fault(
        "routes/tags.tsx",
        "displayOrder: Number(order) }",
        "displayOrder: Number(order), isEnabled: true }",
        PLACE,
        red={"ui-tag-management"},
        said="switched it on",
    ),
    "a place that is not saved": fault(
        "tags.ts",
        "display_order: displayOrder }",
        "display_order: Math.min(displayOrder, type.displayOrder) }",
        PLACE,
        red={"ui-tag-management"},
        said="does not come true that the database has",
    ),
    "an approval that replaces the tags": fault(
        "routes/approval.tsx",
        "[...new Set([...course.tag_ids, ...ids])]",
        "ids.length > 0 ? ids : course.tag_ids",
        APPROVES,
        red={"ui-tag-approval"},
        said="took from the course the tag that it bore before",
    ),
    "an approval that runs twice": fault(
        "routes/approval.tsx",
        'class="primary" disabled={busy}',
        'class="primary"',
        APPROVES,
        red={"ui-tag-approval"},
        said="pressed twice in a row",
    ),
    "an approval that nobody can trace": fault(
        "routes/approval.tsx",
        "{ mapped_tag_ids: ids }",
        "{}",
        APPROVES,
        red={"ui-tag-approval"},
        said="the queue keeps []",
    ),
    "a rejection that tags the course": fault(
        "routes/approval.tsx",
        'await decide("rejected", {});',
        "const tag_ids = rows.map(choiceOf).filter((choice) => choice !== CREATE);\n"
        '      await supabase.from("course_metadata").update({ tag_ids }).eq("id", suggestion.course_id);\n'
        '      await decide("rejected", {});',
        REJECTS,
        red={"ui-tag-approval"},
        said="rejected were tags for a course",
    ),
    "a token that signing out leaves behind": fault(
        "session.tsx",
        "supabase.auth.getSession().then(({ data }) => setSession(data.session));",
        "supabase.auth.getSession().then(({ data }) => setSession(data.session));\n    supabase.auth"
        ".onAuthStateChange((_event, session) => session && (sessionStorage.last = session.access_token));",
        "test_sign_in.py::test_signing_out_ends_the_session",
        red={"smoke-login"},
        said="the browser still keeps the access token in session storage",
    ),
    "another organization's tag in the console": fault(
        "routes/courses.tsx",
        CONFIG,
        '  useEffect(() => console.log("known", [{ value: "Fleet" }]), []);\n' + CONFIG,
        "test_two_organizations.py",
        red={"must-no-leaks"},
        said="came across “Fleet” in the console",
    ),
    "another organization's tag in an attribute": fault(
        "routes/courses.tsx",
        "<h1>Courses</h1>",
        '<h1 data-known="Fleet">Courses</h1>',
        "test_two_organizations.py",
        red={"must-no-leaks"},
        said="came across “Fleet” on the page",
    ),
}
FAULTS |= SUBTLE


ROUNDS = [
    (
        "a filter that filters nothing",
        "a restore that only says so",
        "a fallback that takes the wrong level",
        "a button that only the mouse can reach",
        "a wrong password that nobody mentions",
        "a screen of admins that a viewer gets",
    ),
    (
        "pages that repeat",
        "an order that is reversed",
        "a choice that a reload forgets",
        "an approval that does not reach the course",
        "a session that signing out leaves behind",
        "values that are left out",
    ),
    (
        "a count that is wrong",
        "levels offered where they are hidden",
        "a deep link that is forgotten",
        "a rename and a switch that are not stored",
    ),
    ("All that means Any", "an error that is hidden from the console"),
    ("another organization's tag for a moment", "markup that runs"),
    (
        "another organization's tag kept in the browser",
        "levels that all show the same",
        "a toolbar that is too wide for a phone",
        "a picture that says nothing to who cannot see it",
    ),
    ("a front end of another project", "labels that are somebody else's", "an exception that somebody swallows"),
    (
        "All that holds on the first page",
        "a catalog that is not searched",
        "a player that keeps the old text",
        "an explanation that does not fall back",
        "levels offered from the second question on",
        "markup that runs in an explanation",
        "buttons for a moment",
        "a switch that takes the values with it",
        "a saving that switches on",
        "an approval that replaces the tags",
        "a rejection that tags the course",
        "a token that signing out leaves behind",
        "another organization's tag in the console",
    ),
    (
        "a link that leads to another course",
        "a search that minds the case",
        "a catalog mode that is none",
        "a snapshot that is the current text",
        "a snapshot that is too wide for a phone",
        "a choice of levels that nobody sees",
        "markup that runs in a message",
        "a place that is not saved",
        "an approval that runs twice",
        "another organization's tag in an attribute",
    ),
    ("a hidden level that still counts", "an approval that nobody can trace", "times that are all the newest one's"),
]


@pytest.mark.parametrize("names", ROUNDS, ids=lambda names: names[0])
def test_planted_faults_are_found_and_named(front_ends: FrontEnds, names: tuple[str, ...]) -> None:
    planted = [FAULTS[name] for name in names]
    red = {item for each in planted for item in each.red}
    front_ends.alter(*(change for each in planted for change in each.changes))

    ended = front_ends.look(*dict.fromkeys(check for each in planted for check in each.looking))

    assert ended.red == red, ended.output
    assert set().union(*(each.green for each in planted)) - red <= ended.green, ended.output
    for each in planted:
        reasons = [line for line in ended.reasons.splitlines() if any(f"/{check}" in line for check in each.looking)]
        assert each.said in "\n".join(reasons), f"{each.said}\n{ended.reasons}"
    for one, other in combinations(planted, 2):
        apart = not one.red & other.red or set(one.looking).isdisjoint(other.looking)
        assert apart, "a round's faults break different items, or are for different checks to find"


def test_every_fault_has_its_round() -> None:
    assert sorted(FAULTS) == sorted(name for names in ROUNDS for name in names)


def test_labels_of_somebody_else_are_found_once_they_are_set(front_ends: FrontEnds) -> None:
    """As the message said: by name, and by role and name where the role differs too."""
    front_ends.alter(*FAULTS["labels that are somebody else's"].changes)

    ended = front_ends.look(ADDING, labels='"tags.add" = "New tag"\n"tags.new_value" = "searchbox: What"')

    assert ended.green == {"ui-tag-management"}, ended.output


def test_a_failure_leaves_picture_console_trace_and_film(front_ends: FrontEnds) -> None:
    """The film, and what the page looked like at each step, are of a second go, which decides nothing."""
    front_ends.alter(*FAULTS["a deep link that is forgotten"].changes)

    ended = front_ends.look("test_sign_in.py::test_a_deep_link_survives_signing_in", film=True)

    assert ended.red == {"smoke-login"}
    [evidence] = (item.evidence for item in ended.verdict.items if item.id == "smoke-login")
    left = {Path(file).name: OUT / file for file in evidence}
    assert {"somebody-screen.png", "somebody-console.txt", "somebody-trace.zip"} <= left.keys()
    assert not _snapshots(left["somebody-trace.zip"])
    assert _snapshots(left["somebody-trace-of-the-second-go.zip"])
    assert "failed too: no heading named “Tag Management”" in left["film.txt"].read_text()
    with Image.open(left["somebody-film.webp"]) as film:
        assert film.n_frames > 2, "it shows one thing after the other"  # type: ignore[attr-defined]


def _snapshots(trace: Path) -> int:
    """How often a trace holds what the page looked like."""
    with ZipFile(trace) as archive:
        steps = [name for name in archive.namelist() if name.endswith(".trace")]
        return sum(archive.read(name).count(b'"type":"frame-snapshot"') for name in steps)


def test_where_nothing_may_be_written_it_reads(front_ends: FrontEnds) -> None:
    """As on production: what writes is unverified and says so, and whatever only reads is decided."""
    front_ends.alter()

    ended = front_ends.look("", profile="production", writes=False, labels="")

    judged = {item.id: item.status for item in ended.verdict.items if item.status != "not applicable"}
    assert set(judged.values()) == {"verified"}, ended.output
    assert {"must-no-leaks", "must-tag-management", "week4-variants"} <= judged.keys()


def test_a_site_that_is_not_there_is_said_to_be(front_ends: FrontEnds) -> None:
    ended = front_ends.look("test_routes.py::test_the_site_opens", url="http://127.0.0.1:9")

    assert ended.red == {"stg-site-accessible"}
    assert "does not open" in ended.reasons
