"""Faults to plant in the front end as somebody hands them in who does not know the checks: each looks right."""

from __future__ import annotations

from tests.ui.altered import Change
from tests.ui.faults import HISTORY, SELECTOR, Fault, fault

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
