// Keeps the parts of an open page fresh: whenever something happens at the hub, the page is fetched again and each
// element with data-part is replaced by its new self. Forms have no such mark, so nobody loses what they type.
"use strict";
(() => {
  if (!document.querySelector("[data-part]") || !window.EventSource) return;
  let waiting = false;
  async function refresh() {
    waiting = false;
    const answer = await fetch(location.pathname + location.search, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (next && next.innerHTML !== part.innerHTML) part.replaceWith(document.adoptNode(next));
    }
  }
  function soon() {
    if (waiting || document.hidden) return;
    waiting = true;
    setTimeout(() => refresh().catch(() => {}), 500);
  }
  const events = new EventSource("/events");
  for (const name of ["site", "poured", "purchase", "payout", "customer", "alarm", "missed"]) events.addEventListener(name, soon);
  events.addEventListener("open", soon);
  document.addEventListener("visibilitychange", soon);
})();
