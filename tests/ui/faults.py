"""Faults to plant in the front end: the plain ones, which its checks are about."""

from __future__ import annotations

from dataclasses import dataclass

from tests.ui.altered import Change

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


PLAIN = {
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
        said="the database has version 10 once more",
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
