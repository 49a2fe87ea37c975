// Keeps an open page fresh: when the gateway says that something changed, the page is fetched again and its main part
// replaced. While somebody types or has opened a form, it waits. Without this script the page is as good, only older.
"use strict";
(() => {
  const main = document.querySelector("main[data-live]");
  if (!main || !window.EventSource) return;
  let busy = false;
  const inUse = () => main.contains(document.activeElement) || main.querySelector("details[open]");
  const refresh = async () => {
    if (busy || inUse()) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main[data-live]");
      if (answer.ok && fresh && !inUse()) main.replaceChildren(...fresh.childNodes);
    } catch {
      // The gateway is away; the next event comes when it is back.
    }
    busy = false;
  };
  const events = new EventSource("/events");
  events.addEventListener("hello", refresh);
  events.addEventListener("change", refresh);
})();
