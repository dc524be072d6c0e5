"""The settings of a function come from its environment."""

import pytest

from release_core.errors import SettingsInvalid
from release_core.settings import FunctionSettings, OpenReleaseSettings, read_settings


def test_settings_are_read_from_variables_of_their_names() -> None:
    """Each setting comes from the variable with its name in capitals, in the setting's type."""
    settings = read_settings(
        OpenReleaseSettings,
        {
            "RELEASES_TABLE": "releases",
            "EXECUTIONS_TABLE": "executions",
            "PIPELINES_TABLE": "pipelines",
            "RECORD_RETENTION_DAYS": "400",
            "EVENT_BUS": "default",
            "LOOK_AFTER_SECONDS": "3600",
            "PIPELINE_NAME_PATTERNS": "shop-*,web",
            "MANIFEST_BUCKET": "manifests",
        },
    )
    assert settings == OpenReleaseSettings(
        releases_table="releases",
        executions_table="executions",
        pipelines_table="pipelines",
        record_retention_days=400,
        event_bus="default",
        look_after_seconds=3600,
        pipeline_name_patterns=("shop-*", "web"),
        manifest_bucket="manifests",
    )


def test_a_setting_with_a_default_may_be_missing_or_empty() -> None:
    """Without change calendars, the variable is empty; an older deployment has none."""
    common = dict.fromkeys(("RELEASES_TABLE", "EXECUTIONS_TABLE", "PIPELINES_TABLE"), "1")
    common |= {"RECORD_RETENTION_DAYS": "400", "EVENT_BUS": "default"}
    for given, calendars in (
        ({}, ()),
        ({"CHANGE_CALENDARS": ""}, ()),
        ({"CHANGE_CALENDARS": "company,business-hours"}, ("company", "business-hours")),
    ):
        assert read_settings(FunctionSettings, common | given).change_calendars == calendars


def test_one_error_names_everything_that_is_missing_or_wrong() -> None:
    """One error lists every missing and invalid setting."""
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(FunctionSettings, {"RELEASES_TABLE": "r", "RECORD_RETENTION_DAYS": "x"})
    for name in ["EXECUTIONS_TABLE", "PIPELINES_TABLE", "EVENT_BUS"]:
        assert f"{name} is not set" in str(caught.value)
    assert "RECORD_RETENTION_DAYS must be a whole number, not 'x'" in str(caught.value)
