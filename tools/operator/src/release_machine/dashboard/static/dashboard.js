// Keeps a page of the dashboard up to date. Without it, a reload shows the state.
'use strict';

(() => {
  const LOST_AFTER = 25_000; // milliseconds; the server sends an event at least each 10 s
  const BACK_FOR = 6_000;

  const content = document.getElementById('content');

  // Patching: elements stay where they are, so focus, scroll and open details stay, too.

  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE && node.id) || null;

  // A reader opens and closes details; the server only says how they begin.
  const isOfReader = (element, name) => element.localName === 'details' && name === 'open';

  const patchAttributes = (old, fresh) => {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !isOfReader(old, name)) old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value && !isOfReader(old, name)) old.setAttribute(name, value);
    }
  };

  const patch = (old, fresh) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    patchAttributes(old, fresh);
    patchChildren(old, fresh);
  };

  const patchChildren = (old, fresh) => {
    const known = new Map([...old.children].filter(keyOf).map((child) => [child.id, child]));
    let place = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const key = keyOf(next);
      const isHere = place && !keyOf(place) && place.nodeName === next.nodeName;
      const same = key ? known.get(key) : isHere ? place : null;
      if (!same || same.nodeName !== next.nodeName) {
        old.insertBefore(next, place);
        continue;
      }
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      patch(same, next);
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  };

  const show = (html) => {
    const focused = document.activeElement;
    const fresh = new DOMParser().parseFromString(html, 'text/html').body;
    localise(fresh);
    patchChildren(content, fresh);
    announce();
    filter();
    if (focused === document.activeElement || focused === document.body) return;
    // An element that moved has lost the focus; one that is gone leaves it to the content.
    const heir = focused.isConnected ? focused : content;
    heir.focus({ preventScroll: true });
  };

  // What the content says of itself: the title and the icon of the tab, and what is read aloud.

  const site = document.title.split(' · ').pop();
  const icon = document.querySelector('link[rel="icon"]');
  const spoken = document.querySelector('[data-spoken]');
  let said = null;

  const announce = () => {
    const about = content.querySelector('[data-title]');
    if (!about) return;
    const { title, tone, says = '' } = about.dataset;
    document.title = `${title} · ${site}`;
    icon.href = `/static/${tone}.svg`;
    if (says && said !== null && said !== says) spoken.textContent = says;
    said = says;
  };

  // Times: the page has UTC, a reader has a zone.

  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const minute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const second = Intl.DateTimeFormat('en-GB', { ...minute, second: '2-digit' });
  const day = Intl.DateTimeFormat('en-GB', { ...minute, day: 'numeric', month: 'short' });
  const whole = Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

  const localise = (root) => {
    for (const time of root.querySelectorAll('time[datetime]')) {
      const at = new Date(time.dateTime);
      time.title = `${whole.format(at)} = ${time.dateTime}`;
      if (time.classList.contains('clock')) time.textContent = second.format(at);
      else if (time.classList.contains('at')) time.textContent = day.format(at);
    }
    for (const name of root.querySelectorAll('[data-zone]')) name.textContent = timeZone;
  };

  // The filter by name; its text stays in the address.

  const filter = () => {
    const input = document.querySelector('[data-filter]');
    if (!input) return;
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of document.querySelectorAll('[data-name]')) {
      row.hidden = !row.dataset.name.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    for (const none of document.querySelectorAll('[data-none]')) none.hidden = shown > 0;
  };

  document.addEventListener('input', ({ target }) => {
    if (!target.matches('[data-filter]')) return;
    const address = new URL(location.href);
    if (target.value) address.searchParams.set(target.name, target.value);
    else address.searchParams.delete(target.name);
    history.replaceState(null, '', address);
    filter();
  });

  // The connection: lost is said with the age of what is shown, and back is said, too.

  const banner = document.querySelector('[data-connection]');
  const words = document.querySelector('[data-connection-words]');
  const age = document.querySelector('[data-connection-age]');
  const readAt = document.querySelector('.fresh time');
  let source = null;
  let listensSince = Date.now();
  let heard = listensSince; // the latest event: a tab that was hidden has heard nothing
  let backAt = 0;

  const say = (state, text) => {
    banner.dataset.connection = state;
    banner.hidden = state === 'live';
    words.textContent = text;
    spoken.textContent = text;
    age.textContent = '';
  };

  const hear = (moment, late = false) => {
    heard = Date.now();
    if (readAt && moment) {
      readAt.dateTime = moment;
      readAt.parentElement.hidden = false;
      localise(readAt.parentElement);
    }
    const state = banner.dataset.connection;
    if (late) {
      if (state !== 'late') say('late', 'Not up to date: the read takes longer than usual.');
      return;
    }
    if (state === 'late') say('live', '');
    if (state !== 'lost') return;
    backAt = heard;
    say('back', 'Connected again.');
  };

  const miss = () => {
    if (banner.dataset.connection !== 'lost') say('lost', 'Connection lost.');
  };

  const leave = (text) => {
    source.close();
    source = null;
    say('over', text);
  };

  const ago = (milliseconds) => {
    const seconds = Math.round(milliseconds / 1000);
    if (seconds < 120) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  };

  const tick = () => {
    const now = Date.now();
    if (source && now - Math.max(heard, listensSince) > LOST_AFTER) miss();
    const state = banner.dataset.connection;
    if (state === 'lost') age.textContent = `Last update ${ago(now - heard)} ago.`;
    if (state === 'back' && now - backAt > BACK_FOR) say('live', '');
  };

  const listen = () => {
    source = new EventSource(document.body.dataset.stream);
    source.addEventListener('state', ({ data }) => {
      hear();
      show(data);
    });
    source.addEventListener('beat', ({ data }) => {
      const beat = JSON.parse(data);
      hear(beat.readAt, beat.late);
    });
    source.addEventListener('full', () => {
      leave('Too many tabs are open, so this one does not change. Close some, then load it again.');
    });
    source.addEventListener('end', () => {
      leave('The dashboard was stopped. Start it again: release-machine dashboard');
    });
    source.addEventListener('error', ({ target }) => {
      if (target.readyState !== EventSource.CLOSED) miss();
      else leave('This page is over. Open the address that release-machine dashboard has printed.');
    });
  };

  // A browser allows six streams to a server, so a hidden tab has none.
  const attend = () => {
    if (banner.dataset.connection === 'over') return;
    if (source) source.close();
    source = null;
    listensSince = Date.now();
    if (!document.hidden) listen();
  };

  localise(document);
  announce();
  filter();
  if (!document.body.dataset.stream) return;
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', attend);
  attend();
})();
