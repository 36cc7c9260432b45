"""Faults to plant in the front end where nobody looks: in what is shared, under a mouse, at load, in links."""

from __future__ import annotations

from tests.ui.altered import Change
from tests.ui.faults import HISTORY, SELECTOR, Fault, fault
from tests.ui.quiet_faults import PAGES, PHONE
from tests.ui.subtle_faults import APPROVES, HTML, LISTS, MATCHES, REJECTS, SEARCHES, SNAPSHOT, SWITCH

SHARED_TAGS = "test_tag_management.py::test_what_all_organizations_share_is_changed_for_this_one_alone"
RENAMES = "test_tag_management.py::test_a_value_that_is_renamed_keeps_its_identity"
NARROWS = "test_course_selector.py::test_a_tag_narrows_the_list_to_what_the_api_gives"
EXPIRES = "test_sign_in.py::test_an_expired_session_asks_again"
GLOBAL = '"00000000-0000-0000-0000-"'
WANTED = 'const wanted = path === "/" ? HOME : `${path}${search ? `?${search}` : ""}`;'
SEARCHED = "onSearch={(search) => set({ search })}"

SHARED = {
    "a tag of all organizations that filters nothing": fault(
        "routes/courses.tsx",
        'tagIds: chosen.join(","),',
        f'tagIds: chosen.filter((id) => !id.startsWith({GLOBAL})).join(","),',
        NARROWS,
        red=SELECTOR,
        said="filtered by the tag of all organizations “",
    ),
    "a tag of all organizations that is dropped": fault(
        "routes/approval.tsx",
        "else if (choice !== IGNORE) ids.push(choice);",
        f"else if (choice !== IGNORE && !choice.startsWith({GLOBAL})) ids.push(choice);",
        APPROVES,
        red={"ui-tag-approval"},
        said="does not bear the tags",
    ),
    "a tag that is created and not active": fault(
        "routes/approval.tsx",
        "ids.push(await addValue(organization.id, row.key, row.text));",
        "{\n          ids.push(await addValue(organization.id, row.key, row.text));\n"
        '          await supabase.from("tags").update({ is_active: false }).eq("id", ids.at(-1));\n        }',
        APPROVES,
        red={"ui-tag-approval"},
        said="became a tag that is not active",
    ),
    "a type of all organizations that stays as it is": fault(
        "tags.ts",
        "  else {dataOf(\n"
        '      await supabase.from("tag_types").insert({ ...row, organization_id: organizationId, key: type.key })'
        '.select("id").single(),\n    );}',
        "",
        SHARED_TAGS,
        red={"ui-tag-management"},
        said="a type of all organizations, is greenlight-",
    ),
    "a value of all organizations that stays as it is": fault(
        "tags.ts",
        'dataOf(await supabase.from("tags").insert({ ...row, organization_id: organizationId, type_key, slug })'
        '.select("id").single());',
        "void [row, type_key, slug];",
        SHARED_TAGS,
        red={"ui-tag-management"},
        said="a value of all organizations, is “greenlight-",
    ),
    "a rename that activates": fault(
        "routes/tags.tsx",
        "await saveValue(organization.id, value, { value: text.trim() });",
        "await saveValue(organization.id, value, { value: text.trim(), is_active: true });",
        RENAMES,
        red={"ui-tag-management"},
        said="two values were renamed and no more",
    ),
    "a rejection that only a mouse works": fault(
        "routes/approval.tsx",
        '<button type="button" disabled={busy} aria-label={`Reject ${title}`} onClick={reject}>Reject</button>',
        '<span role="button" tabIndex={0} aria-label={`Reject ${title}`} onClick={reject}>Reject</span>',
        REJECTS,
        red={"ui-tag-approval"},
        said="the Enter key does nothing on the button named “Reject greenlight-",
    ),
    "a sign-in that only a mouse works": Fault(
        (
            Change(
                "routes/sign-in.tsx",
                '<button type="submit" class="primary"',
                '<button type="button" onMouseDown={submit} class="primary"',
            ),
            Change(
                "routes/sign-in.tsx", "<form onSubmit={submit}", "<form onSubmit={(event) => event.preventDefault()}"
            ),
        ),
        ("test_sign_in.py::test_a_deep_link_survives_signing_in",),
        {"smoke-login"},
        set(),
        "the Enter key does nothing on the button whose name matches /^(sign|log) ?in$/",
    ),
    "tags that only a mouse chooses": fault(
        "routes/courses.tsx",
        "onClick={() => toggle(tag.id)}",
        "onMouseDown={() => toggle(tag.id)}",
        MATCHES,
        red={"ui-course-selector"},
        said="the Enter key does nothing on the button or checkbox or option named “greenlight-",
    ),
    "pages that only a mouse turns": fault(
        "routes/courses.tsx",
        "onClick={() => set({ page: String(page + 1) })}",
        "onMouseDown={() => set({ page: String(page + 1) })}",
        PAGES,
        red={"ui-course-selector"},
        said="the Enter key does nothing on the button or link whose name matches /^next/",
    ),
    "snapshots that only a mouse shows": fault(
        "routes/versions.tsx",
        "onClick={() => setShown(version)}",
        "onMouseDown={() => setShown(version)}",
        SNAPSHOT,
        red={"must-version-history", "ui-version-history"},
        said="the Enter key does nothing on the button or link named “View version 1”",
    ),
    "a switch that only a mouse works": fault(
        "routes/tags.tsx",
        "          aria-label={`Use ${type.label}`}\n          disabled={busy}\n          onClick={toggle}",
        "          aria-label={`Use ${type.label}`}\n          disabled={busy}\n          onMouseDown={toggle}",
        SWITCH,
        red={"ui-tag-management"},
        said="the Space key does nothing on the switch or checkbox named “Use greenlight-",
    ),
    "an approval that shows under a mouse": fault(
        "styles.css",
        ".skip {\n",
        ".card .row .primary {\n  opacity: 0;\n}\n.card:hover .row .primary {\n  opacity: 1;\n}\n.skip {\n",
        f"{PHONE}[approval]",
        red={"ui-tag-approval"},
        said="without a mouse over it nobody sees Approve ",
    ),
    "a layout that is decided at load": Fault(
        (
            Change("routes/courses.tsx", "const PAGE = 6;", "const PAGE = 6;\nconst LOADED = innerWidth;"),
            Change(
                "routes/courses.tsx",
                '<div class="toolbar">',
                '<div class="toolbar" style={LOADED < 500 ? "width: 900px" : ""}>',
            ),
        ),
        (f"{PHONE}[courses]",),
        {"ui-course-selector"},
        set(),
        "pixels too wide",
    ),
    "a word of success that nobody can read": fault(
        "styles.css",
        ".bar {\n",
        ".notice.done {\n  color: #ddd;\n}\n.bar {\n",
        f"{PHONE}[tags]",
        red={"ui-tag-management"},
        said="color-contrast",
    ),
    "a verdict that nobody can read": fault(
        "styles.css",
        ".brand {\n",
        ".notice.info p {\n  color: #ddd;\n}\n.brand {\n",
        f"{PHONE}[play]",
        red={"ui-variants"},
        said="color-contrast",
    ),
    "All, and never Any again": fault(
        "routes/courses.tsx",
        "onChange={() => set({ match: value })}",
        'onChange={() => set({ match: value === "any" ? query.get("match") ?? undefined : value })}',
        MATCHES,
        red={"ui-course-selector"},
        said="filtered by Any again, after All",
    ),
    "a search for the first word": fault(
        "routes/courses.tsx",
        SEARCHED,
        'onSearch={(search) => set({ search: search.trim().split(" ")[0] })}',
        MATCHES,
        red={"ui-course-selector"},
        said="searching for several words",
    ),
    "a search that keeps the page": fault(
        "routes/courses.tsx",
        SEARCHED,
        'onSearch={(search) => set({ search, page: query.get("page") ?? undefined })}',
        SEARCHES,
        red=SELECTOR,
        said="was searched for on the second one",
    ),
    "a link to a course that is lost": fault(
        "app.tsx",
        WANTED,
        WANTED.replace('path === "/"', 'path.startsWith("/play")'),
        EXPIRES,
        red={"smoke-login"},
        said="signed in from a link to /play/",
    ),
    "a link to a history that is lost": fault(
        "app.tsx",
        WANTED,
        WANTED.replace('path === "/"', 'path.endsWith("/versions")'),
        "test_sign_in.py::test_a_wrong_password_says_so",
        red={"smoke-login"},
        said="arrived at /admin/courses/select",
    ),
    "a link that loses what was searched for": fault(
        "app.tsx",
        WANTED,
        'void search;\n    const wanted = path === "/" ? HOME : path;',
        EXPIRES,
        red={"smoke-login"},
        said="signed in from a link to /admin/courses/select?search=",
    ),
    "an open page that does not ask again": fault(
        "client.ts",
        'if (status === 401) await supabase.auth.signOut({ scope: "local" });',
        "",
        EXPIRES,
        red={"smoke-login"},
        said="must ask to sign in again once the server answers 401",
    ),
    "tags of other courses": fault(
        "routes/courses.tsx",
        '{course.tags.map((tag) => <span key={tag.id} class="badge">{tag.value}</span>)}',
        '<span class="badge">Grammar</span>',
        LISTS,
        red={"smoke-course-selector", *SELECTOR},
        said="shows “Grammar” beside “",
    ),
    "times of another zone": fault(
        "components.tsx",
        ".format(new Date(timestamp));",
        ".format(new Date(Date.parse(timestamp) + 5 * 3600e3));",
        "test_version_history.py::test_versions_stand_newest_first_with_what_is_known_of_them[viewer]",
        red=HISTORY,
        said="was published at",
    ),
    "markup that runs in the label of a level": fault(
        "routes/play.tsx",
        "      {questions.length === 0 ?",
        f'      <p {HTML}levelsOf(course).map(({{ label }}) => label).join(", ") }}}} />\n'
        "      {questions.length === 0 ?",
        "test_markup.py::test_markup_in_a_question_stays_text_in_the_player",
        red={"ui-variants"},
        said="the markup in a text (level) became a part of /play/",
    ),
}
