"""A front end that nobody here wrote for the suite is verified once its labels are set, and by nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.ui.altered import FrontEnds

STRANGER = Path(__file__).parent / "stranger"
LOOKING = (
    "test_routes.py::test_every_route_loads_for_those_who_may_see_it_and_refuses_others[org_admin]",
    "test_tag_management.py::test_a_value_that_is_renamed_keeps_its_identity",
    "test_tag_management.py::test_a_type_takes_the_label_and_place_that_it_is_given",
    "test_tag_approval.py::test_a_rejected_suggestion_changes_nothing_but_the_queue",
    "test_tag_approval.py::test_the_keyboard_alone_approves",
    "test_course_selector.py::test_any_and_all_of_two_tags",
    "test_course_selector.py::test_pages_hold_every_course_once",
    "test_version_history.py::test_a_snapshot_shows_what_was_published",
    "test_version_history.py::test_a_restore_adds_a_version_and_brings_the_old_text_back",
    "test_accessibility.py::test_everybody_can_use_it_also_on_a_phone[versions]",
    "test_variants.py::test_a_learner_switches_levels_of_a_course_that_is_there",
    "test_variants.py::test_every_level_shows_its_text_or_the_fallback",
    "test_two_organizations.py",
)
JUDGED = {
    "must-no-leaks",
    "stg-routes-load",
    "ui-tag-management",
    "ui-tag-approval",
    "ui-course-selector",
    "must-version-history",
    "ui-version-history",
    "week4-variants",
    "should-variants",
    "ui-variants",
}


def test_a_front_end_of_somebody_else_is_verified_by_its_labels(front_ends: FrontEnds) -> None:
    """Menus, dialogs, comboboxes, numbered pages, radios for levels: right by the contract, unlike the reference."""
    front_ends.serve(STRANGER)

    ended = front_ends.look(*LOOKING, labels=(STRANGER / "labels.toml").read_text())

    assert ended.green == JUDGED, ended.output


def test_a_label_of_no_control_is_named(front_ends: FrontEnds) -> None:
    """Misspelt, it would be as good as not set, and the check would speak of something else."""
    ended = front_ends.look("test_routes.py::test_the_site_opens", labels='"tags.ad" = "New tag"')

    assert not ended.green, ended.output
    assert '"tags.ad": there is no such control; like it: tags.add' in ended.reasons
