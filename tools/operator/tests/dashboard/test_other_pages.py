"""The pages of approvals, of the history, of a release, and of what is asked before it is done."""

from dataclasses import replace
from urllib.parse import quote

import click
import pytest

from release_core.domain.release import ReleaseStatus
from release_machine.commands import listing
from release_machine.dashboard import pages
from release_machine.dashboard.state import Confirmation, History, ReleaseState, Seen, Site
from release_machine.release.searching import Filters
from tools.operator.tests.samples import dashboard_samples as samples
from tools.operator.tests.samples import report_samples
from tools.operator.tests.samples.dashboard_pages import document, seen, troubled
from tools.operator.tests.samples.made_release import EXECUTION
from tools.operator.tests.samples.plan_samples import PLAN
from tools.operator.tests.samples.report_reading import Page


def approvals(site: Site = samples.SITE, **changes: object) -> Page:
    """The page of approvals."""
    found = replace(samples.approvals(), **changes)  # type: ignore[arg-type] # any field
    return Page(document(pages.approvals(site, seen(found))))


def history(filters: Filters, found: History) -> Page:
    """The page of the history."""
    return Page(document(pages.history(samples.SITE, filters, seen(found))))


def release(state: ReleaseState, site: Site = samples.SITE) -> Page:
    """The page of a release."""
    name = state.snapshot.release.release_id
    return Page(document(pages.release(site, name, seen(state))))


def confirmation(**changes: object) -> Page:
    """The page that asks."""
    asked: Confirmation = samples.confirmation(**changes)
    return Page(document(pages.confirmation(samples.ACTING, asked, csrf="c5rf")))


def buttons(page: Page) -> list[str]:
    """The addresses of the buttons of a page."""
    return [each["href"] for each in page.all("a") if "button" in each.get("class", "").split()]


def test_a_question_says_what_a_person_must_know() -> None:
    """Votes, who gave them, who may not answer, until when, and what waits behind."""
    text = approvals().text
    assert "2 questions wait for an answer." in text
    assert "Waits for 1 more approval (1 of 2 given)" in text
    assert "approved by ReleaseManager/carol@example.com: looks good" in text
    assert "May not answer the role ReleaseManager (session alice@example.com)" in text
    assert "23 Nov, 00:32" in text
    assert "Waits behind it shop-mail-us" in text


def test_the_question_that_expires_first_is_on_top() -> None:
    """A question that expires is before one that does not, though it was asked later."""
    text = approvals().text
    assert text.index("Go live with the new basket") < text.index("Continue with the deployment")


def test_a_dashboard_that_only_reads_shows_the_commands() -> None:
    """Without actions the page has commands and no button."""
    page = approvals()
    assert "release-machine approve 2026.11.22-6 go-live" in page.text
    assert not buttons(page)


def test_a_dashboard_that_acts_shows_buttons() -> None:
    """With actions each question has a button for each answer, which leads to the confirmation."""
    page = approvals(samples.ACTING)
    assert "release-machine approve 2026.11.22-6" not in page.text
    assert "/actions/approve/2026.11.22-6?name=go-live" in buttons(page)
    assert len(buttons(page)) == 4
    assert not page.all("form")


def test_pipelines_that_could_not_be_read_are_named_with_the_questions() -> None:
    """It is not hidden that there may be more questions."""
    unread = "1 pipeline could not be read: web (AccessDenied)."
    assert unread in approvals(unread=unread).text


def test_a_page_that_does_not_know_all_questions_does_not_say_that_there_is_none() -> None:
    """Pipelines that are not read yet, or cannot be read, may ask."""
    later = approvals(waiting=(), later=12)
    assert "12 running pipelines are not read yet , and may wait for an answer" in later.text
    assert "1 running pipeline is not read yet" in approvals(waiting=(), later=1).text
    searching = approvals(waiting=(), searching=True)
    assert "Older releases are still being searched , and may wait for an answer" in searching.text
    unread = approvals(waiting=(), unread="no")
    for page, tone in ((later, "wait"), (searching, "wait"), (unread, "stop")):
        assert "Nothing waits" not in page.text
        (about,) = [found for _, found in page.elements if "data-title" in found]
        assert about["data-tone"] == tone


def test_no_question_is_a_state_too() -> None:
    """An empty page says when a question would appear."""
    assert "Nothing waits for an answer" in approvals(waiting=()).text


def test_the_history_names_outcomes_attempts_and_people() -> None:
    """A row has the status, when it was opened, how long it took, and who asked for it."""
    text = history(Filters(), samples.history()).text
    assert "2026.11.22-1 FAILED 40 min ago" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "12m 25s 7 alice@example.com" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "SUCCEEDED attempt 2" in text
    assert "SUCCEEDED a rollback" in text
    assert "held until 23 Nov, 06:22" in text
    assert "Only the latest 21 releases are shown." in text


def test_a_rejected_manifest_has_a_short_name_and_the_id_that_it_asked_for() -> None:
    """The name of its execution is long; its link has the whole of it."""
    arn = f"{EXECUTION}:1c0ffee5-0000-4000-8000-000000000002"
    rejected = replace(
        report_samples.rejected().release, release_id=arn, requested_id="2026.11.22-9"
    )
    page = history(Filters(), replace(samples.history(), releases=(rejected,)))
    assert "1c0ffee5 2026.11.22-9 REJECTED" in page.text
    assert f"/releases/{quote(arn, safe='')}" in page.values("href")


def test_the_filters_keep_what_was_chosen() -> None:
    """The form shows the filters of the address, and a way to all releases."""
    page = history(samples.FILTERS, samples.history())
    checked = [each["value"] for each in page.all("input") if "checked" in each]
    assert checked == ["FAILED", "CANCELLED", "ROLLED_BACK"]
    values = {each["name"]: each.get("value") for each in page.all("input")}
    assert values["pipeline"] == "shop-orders-eu shop-web-*"
    assert (values["requester"], values["since"]) == ("alice*", "30d")
    assert values["until"] == "2026-11-22T18:00Z"
    assert (
        "Filters : status failed, status cancelled, outcome rolled back, pipeline shop-orders-eu, "
        "pipeline shop-web-*, requester alice*, since 30d, until 2026-11-22T18:00Z" in page.text
    )
    assert "Show all" in page.text
    assert "Show all" not in history(Filters(), samples.history()).text


def test_the_filters_are_those_of_list() -> None:
    """The fields have the names and the values of the options of the command."""
    page = history(Filters(), samples.history())
    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("get", "/history")
    fields = {each["name"] for each in page.all("input")}
    options = {
        option.removeprefix("--"): parameter
        for parameter in listing.command.params
        if parameter.expose_value  # those of the whole command are added when one has run
        for option in parameter.opts[:1]
    }
    assert fields == {*options} - {"limit", "json", "utc"}
    for name in ("status", "outcome"):
        offered = [each["value"] for each in page.all("input") if each["name"] == name]
        choice = options[name].type
        assert isinstance(choice, click.Choice)
        assert offered == [*choice.choices]


def test_what_is_wrong_with_a_filter_is_at_its_field() -> None:
    """Each field names its error for a screen reader; the page begins at the first of them."""
    nothing = replace(samples.history(), releases=(), more=False, wrong=samples.WRONG)
    page = history(samples.WRONG_FILTERS, nothing)
    fields = {each["name"]: each for each in page.all("input") if each["type"] == "text"}
    wrong = {name for name, each in fields.items() if each.get("aria-invalid") == "true"}
    assert wrong == {"pipeline", "since", "until"}
    assert [name for name, each in fields.items() if "autofocus" in each] == ["pipeline"]
    assert fields["since"]["aria-describedby"] == "since-wrong"
    assert fields["requester"]["aria-describedby"] == "requester-hint"
    assert {"since-wrong", "until-wrong", "pipeline-wrong"} <= set(page.values("id"))
    assert fields["since"]["value"] == "last week"
    assert "Since last week is neither a time nor a duration. Write how long ago" in page.text
    assert "No release matches" not in page.text
    assert "There is no release yet" not in page.text


def test_a_wrong_name_among_others_hides_nothing() -> None:
    """What the other names have found is shown below the error."""
    found = replace(samples.history(), wrong=samples.WRONG[2:])
    page = history(Filters(pipelines=("shop-oders-eu", "web")), found)
    assert "did you mean shop-orders-eu?" in page.text
    assert "releases" in page.values("id")


def test_the_filters_are_there_before_the_first_read() -> None:
    """A search that takes long, or that AWS refuses, can be changed."""
    trouble = troubled(samples.history()).trouble
    states: list[Seen[History]] = [Seen(), Seen(trouble=trouble)]
    for each in states:
        page = Page(pages.history(samples.SITE, samples.FILTERS, each).html)
        assert page.all("form")


def test_an_empty_history_says_why() -> None:
    """Without releases the page shows how to begin; with filters, that they are the reason."""
    nothing = replace(samples.history(), releases=(), more=False)
    assert "There is no release yet" in history(Filters(), nothing).text
    assert "No release matches these filters" in history(Filters(requester="bob"), nothing).text


def test_a_release_is_the_report_with_buttons() -> None:
    """The page has the report's cause and charts, and the actions that the server offers."""
    state = samples.of_release(report_samples.failed())
    page = release(state, samples.ACTING)
    assert "payments failed" in page.text
    assert {"cause", "timeline", "order", "pipelines", "audit"} <= set(page.values("id"))
    assert buttons(page)[:2] == ["/actions/retry/2026.11.22-2", "/actions/rollback/2026.11.22-2"]


def test_a_release_that_was_left_open_has_a_page() -> None:
    """With all that is known of it; above that, why no outcome comes and where to look."""
    state = samples.of_release(replace(report_samples.running(), left_open="ABORTED"))
    page = release(state, samples.ACTING)
    assert "has ended (ABORTED), but the release is still RUNNING in the ledger" in page.text
    assert page.text.count("Check the log of close_release") == 2
    assert {"left-open", "timeline", "pipelines"} <= set(page.values("id"))
    # Nothing says that it goes on, or can be stopped or answered.
    assert "What to do next Check the log of close_release" in page.text
    for words in ("Follow it", "Stop it", "release-machine cancel", "What it waits for"):
        assert words not in page.text
    assert not [each for each in buttons(page) if each.startswith("/actions")]
    (about,) = [found for _, found in page.elements if "data-title" in found]
    assert about["data-tone"] == "bad"


def test_a_release_that_is_only_read_has_no_button_to_act() -> None:
    """Without actions the report's own next steps are enough."""
    page = release(samples.of_release(report_samples.failed()))
    assert not [each for each in buttons(page) if each.startswith("/actions")]
    assert "release-machine retry 2026.11.22-2" in page.text


def test_what_a_release_waits_for_and_what_waits_behind_it_are_links() -> None:
    """A waiting release names the release that it waits for."""
    assert "Behind it: 2026.11.22-7 2026.11.23-1" in release(samples.awaited()).text
    (queued, _) = samples.queued()
    state = replace(samples.awaited(), behind=(), waits_for=queued.reasons)
    page = release(state)
    assert "It waits: shop-orders-eu is held by 2026.11.22-3" in page.text
    assert "/releases/2026.11.22-3" in page.values("href")


def test_stages_and_actions_unfold_with_reason_and_link() -> None:
    """A failed pipeline is unfolded to the action, its reason and its page; others are folded."""
    page = release(samples.of_release(report_samples.failed()))
    (fold,) = [each for each in page.all("details") if each.get("class") == "stages"]
    assert "open" in fold
    start = page.text.index("Stages and actions payments")
    text = page.text[start : start + 900]
    assert "Source GitHub succeeded, began" in text
    assert "Deploy Service failed, began" in text
    assert "3 of 4 tasks did not become healthy" in text
    assert "Open the failed action" in text
    running = release(samples.awaited())
    folds = [each for each in running.all("details") if each.get("class") == "stages"]
    assert [("open" in each) for each in folds] == [False, False]


def test_a_cancelled_approval_has_not_succeeded() -> None:
    """Nobody answered it, and nobody can."""
    state = samples.awaited()
    name, (*before, asked) = next(iter(state.steps.items()))
    step = replace(asked, running=False, asks=False, failure=None, cancelled=True)
    page = release(replace(state, steps={name: (*before, step)}))
    assert f"{asked.action} cancelled, began" in page.text


def test_a_release_whose_actions_are_not_known_has_no_empty_part() -> None:
    """Where CodePipeline could not be read, the rest is there."""
    state = replace(samples.of_release(report_samples.failed()), steps={})
    assert "Stages and actions" not in release(state).text


def test_a_running_release_tells_its_progress_aloud() -> None:
    """What is read aloud changes when a pipeline ends, and not at every read."""
    (about,) = [found for _, found in release(samples.awaited()).elements if "data-says" in found]
    assert about["data-says"] == "Release 2026.11.22-3 is RUNNING, 1 of 5 pipelines ended"
    assert about["data-tone"] == "run"


@pytest.mark.parametrize("status", list(ReleaseStatus))
def test_every_status_has_an_icon(status: ReleaseStatus) -> None:
    """The tab's icon is one of the files."""
    seen_release = report_samples.good()
    changed = replace(seen_release, release=replace(seen_release.release, status=status))
    (about,) = [
        found for _, found in release(samples.of_release(changed)).elements if "data-tone" in found
    ]
    assert about["data-tone"] in {"good", "bad", "run", "stop", "wait"}


def test_a_confirmation_says_what_will_happen_and_posts_it() -> None:
    """The form posts the token, the attempt that was shown, and the words of the person."""
    page = confirmation()
    assert "Cancel release 2026.11.22-3?" in page.text
    assert "search and orders are stopped" in page.text
    assert "catalog has already shipped and stays live." in page.text
    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("post", "/actions/cancel/2026.11.22-3")
    values = {each["name"]: each["value"] for each in page.all("input")}
    assert values == {"csrf": "c5rf", "attempt": "1", "subject": ""}
    (field,) = page.all("textarea")
    assert (field["name"], field["required"]) == ("words", "")
    assert "Stop the release" in page.text
    assert "Back, change nothing" in page.text


def test_a_reason_may_be_optional() -> None:
    """An approval needs no words."""
    page = confirmation(needs_words=False, words="Comment")
    assert "Comment (optional)" in page.text
    assert "required" not in page.all("textarea")[0]


def test_a_confirmation_shows_why_it_was_not_done() -> None:
    """After a refusal the page says why, what to do, and keeps what was written."""
    page = confirmation(problem="It has ended.", next_step="Look at it.", said="wrong build")
    assert "It has ended. Look at it." in page.text
    assert "wrong build" in page.text
    assert [each["role"] for each in page.all("div") if "role" in each] == ["alert"]


def test_what_cannot_be_done_has_no_form() -> None:
    """Only the way back is offered."""
    page = confirmation(problem="It has ended.", possible=False)
    assert not page.all("form")
    assert "Back to the release" in page.text


def test_a_rollback_shows_what_it_ships() -> None:
    """The plan of a rollback is a table of the pipelines with the revision now and then."""
    text = confirmation(plan=PLAN).text
    assert "shop-orders: release 2026.11.22-1 holds it; wait for its end" in text
    row = text[text.index("What it ships") :]
    assert "3f2a9c0d5b Prices with tax 77aa0c0d5b Round prices down" in row
    assert "would ship AGAIN what was rolled back" in row
    assert "whose transition is disabled: freeze" in row
    assert "not known" in row


def test_a_pipeline_that_a_rollback_does_not_change_says_so() -> None:
    """What is live already is not shipped anew."""
    same = {**PLAN["pipelines"][0], "changes": False}
    text = confirmation(plan={**PLAN, "pipelines": [same]}).text
    assert "Prices with tax no change" in text


def test_a_pipeline_whose_live_revision_cannot_be_read_says_why() -> None:
    """The reason stands in place of the revision."""
    hidden = {**PLAN["pipelines"][0], "liveUnknown": "AccessDenied", "live": None}
    assert (
        "shop-catalog AccessDenied 77aa" in confirmation(plan={**PLAN, "pipelines": [hidden]}).text
    )
