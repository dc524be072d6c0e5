"""Texts of change calendars, for tests."""

BERLIN_ZONE = """\
BEGIN:VTIMEZONE
TZID:Office
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar_text(
    *events: str, kind: str = "DEFAULT_OPEN", zone: str | None = None, zones: str = ""
) -> str:
    """The text of a calendar as AWS's console begins it, with the lines of these events."""
    name = f"X-WR-TIMEZONE:{zone}\n" if zone else ""
    head = "PRODID:-//AWS//Change Calendar 1.0//EN\nVERSION:2.0\n"
    parts = [
        f"BEGIN:VEVENT\n{'' if 'UID:' in event else f'UID:{number}\n'}{event}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    ]
    body = f"{head}X-CALENDAR-TYPE:{kind}\n{name}{zones}{''.join(parts)}"
    return f"BEGIN:VCALENDAR\n{body}END:VCALENDAR\n".replace("\n", "\r\n")
