"""Checks for every page, as the browser shows it."""

from pathlib import Path

from tools.operator.tests.samples.chromium import Chromium

SMALL, PHONE, TABLET, DESK, WIDE = 320, 390, 820, 1280, 1440
HEIGHT = 844

# WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large text.
FAINT = """
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((parts(color)[3] ?? 1) === 1) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  document.querySelectorAll('details').forEach((each) => { each.open = true; });
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ['STYLE', 'title', 'desc'].includes(element.tagName)) continue;
    if (!element.checkVisibility()) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const inks = [light(element instanceof SVGElement ? style.fill : style.color),
                  light(behind(element))].sort((one, other) => other - one);
    const ratio = (inks[0] + 0.05) / (inks[1] + 0.05);
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    if (ratio < wanted) found.push(`${node.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return {seen, found};
})()
"""
# Labels of the axis that overlap.
_CLASHING = """
[...document.querySelectorAll('.ticks')].flatMap((axis) => {
  const boxes = [...axis.querySelectorAll('text')].map((each) => each.getBoundingClientRect());
  return boxes.slice(1).filter((box, at) => box.left < boxes[at].right + 2).map((box) => box.left);
})
"""
WIDTH = "[document.scrollingElement.scrollWidth, document.documentElement.clientWidth]"


def check_fit(chromium: Chromium, page: Path, *, width: int, scheme: str = "light") -> None:
    """With everything unfolded, the page is as wide as the screen and no labels overlap.

    The page requests nothing from the network, and the console is empty: its policy holds.
    """
    chromium.show(page, width=width, height=HEIGHT, scheme=scheme)
    chromium.evaluate("document.querySelectorAll('details').forEach((each) => {each.open = true})")
    wide, screen = chromium.evaluate(WIDTH)
    assert wide == screen, (wide, screen)
    assert screen > width - 20, screen
    clashing = chromium.evaluate(_CLASHING)
    assert clashing == [], clashing
    assert chromium.requests == [page.as_uri()], chromium.requests
    assert chromium.complaints == [], chromium.complaints


def check_contrast(chromium: Chromium, page: Path, *, width: int, scheme: str) -> None:
    """Each text has the contrast that WCAG requires (level AA)."""
    chromium.show(page, width=width, height=HEIGHT, scheme=scheme)
    answer = chromium.evaluate(FAINT)
    assert answer["seen"] > 20, answer
    assert answer["found"] == [], answer


# The text on the screen before anything is scrolled or unfolded, each piece as a whole.
_FIRST_SCREEN = """
(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ['title', 'desc'].includes(element.tagName)) continue;
    if (!element.checkVisibility() || element.closest('.unseen, .skip')) continue;
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()];
    if (boxes.every((box) => box.top >= 0 && box.bottom <= innerHeight)) found.push(node.data);
  }
  return found.join(' ');
})()
"""
# The links that are wholly on the screen.
_LINKS_ON_SCREEN = """
[...document.querySelectorAll('a[href]')].filter((each) => {
  const box = each.getBoundingClientRect();
  return each.checkVisibility() && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
}).map((each) => each.getAttribute('href'))
"""
# The parts of ARNs and addresses in more than one line.
_BROKEN_PARTS = """
(() => {
  document.querySelectorAll('details').forEach((each) => { each.open = true; });
  const parts = [...document.querySelectorAll('.part')].filter((each) => each.checkVisibility());
  const range = document.createRange();
  const lines = (part) => {
    range.selectNodeContents(part);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
  };
  return [parts.length, parts.filter((each) => lines(each) > 1).map((each) => each.innerText)];
})()
"""


def first_screen(
    chromium: Chromium, page: Path, *, width: int, height: int
) -> tuple[str, list[str]]:
    """The text and the addresses of links on the first screen of a page, with single spaces."""
    chromium.show(page, width=width, height=height, scheme="light")
    text = " ".join(str(chromium.evaluate(_FIRST_SCREEN)).split())
    return text, [str(each) for each in chromium.evaluate(_LINKS_ON_SCREEN)]


def check_arns(chromium: Chromium, page: Path, *, width: int) -> int:
    """No part of an ARN or address is broken; returns how many parts there are."""
    chromium.show(page, width=width, height=HEIGHT, scheme="light")
    count, broken = chromium.evaluate(_BROKEN_PARTS)
    assert broken == [], broken
    return int(count)
