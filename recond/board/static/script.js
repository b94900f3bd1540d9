"use strict";
// The board's script: cards that the server drew take the place of their older selves, a list
// follows what is typed, a dropped file is sent. Nothing that came from outside is made into markup
// here; without this script every page still works but the room stands still.
(() => {
  const csrf = document.body.dataset.csrf || "";

  // --- The room -------------------------------------------------------------------------------
  const benches = document.getElementById("benches");
  if (benches) {
    const lost = document.getElementById("lost");
    let heard = Date.now();
    const take = (piece) => {
      const held = document.activeElement && document.activeElement.dataset
        ? document.activeElement.dataset.bench : undefined;
      const there = new Map([...benches.children].map((card) => [card.dataset.bench, card]));
      for (const [bench, drawn] of Object.entries(piece.cards)) {
        const mould = document.createElement("template");
        mould.innerHTML = drawn; // drawn and escaped by the server, from one template
        const card = mould.content.firstElementChild;
        if (there.has(bench)) there.get(bench).replaceWith(card); else benches.append(card);
        there.set(bench, card);
      }
      const order = piece.order.map(String);
      for (const [bench, card] of there) if (!order.includes(bench)) card.remove();
      order.forEach((bench, at) => {
        const card = there.get(bench);
        if (card && benches.children[at] !== card) benches.insertBefore(card, benches.children[at] || null);
      });
      for (const [tone, count] of Object.entries(piece.tally)) {
        const place = document.querySelector(`[data-tally="${tone}"]`);
        if (place) place.textContent = String(count);
      }
      document.getElementById("empty").hidden = order.length > 0;
      if (held !== undefined && there.get(held)) there.get(held).focus({ preventScroll: true });
    };
    const source = new EventSource(benches.dataset.events);
    source.onmessage = (event) => { heard = Date.now(); lost.hidden = true; take(JSON.parse(event.data)); };
    source.onopen = () => { heard = Date.now(); lost.hidden = true; };
    source.onerror = () => { if (Date.now() - heard > 5000) lost.hidden = false; };
    // somebody has looked at an alarm; the card changes when the server says so
    benches.addEventListener("click", (event) => {
      const button = event.target.closest("[data-dismiss]");
      if (button) fetch(button.dataset.dismiss, { method: "POST", headers: { "X-CSRF": csrf } });
    });
    // arrows walk from bench to bench
    benches.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const card = event.target.closest("[data-bench]");
      if (!step || !card) return;
      const next = step > 0 ? card.nextElementSibling : card.previousElementSibling;
      if (next) { next.focus(); event.preventDefault(); }
    });
  }

  // --- Search ---------------------------------------------------------------------------------
  const question = document.getElementById("q");
  if (question) {
    const found = document.getElementById("found");
    let asked = 0, shown = 0, timer = 0;
    question.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const mine = ++asked;
        const words = encodeURIComponent(question.value);
        const answer = await fetch(`${question.dataset.rows}?q=${words}`);
        const rows = await answer.text();
        if (!answer.ok || mine < shown) return;
        shown = mine;
        found.innerHTML = rows; // drawn and escaped by the server
        history.replaceState(null, "", `/search?q=${words}`);
      }, 120);
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (question) question.focus(); else location.href = "/search";
    }
  });

  // --- Files that are dropped -----------------------------------------------------------------
  for (const place of document.querySelectorAll("[data-drop]")) {
    const input = place.querySelector("input[type=file]");
    const said = place.querySelector("[data-said]");
    const send = async (file) => {
      if (!file) return;
      said.textContent = file.name;
      const answer = await fetch(`${place.dataset.drop}?name=${encodeURIComponent(file.name)}`, {
        method: "POST", body: file,
        headers: { "X-CSRF": csrf, "Content-Type": "application/octet-stream", "Accept": "application/json" },
      });
      const word = await answer.json().catch(() => ({}));
      if (answer.ok && word.go) { location.href = word.go; return; }
      said.textContent = word.reason || String(answer.status);
      said.className = "problem";
    };
    input.addEventListener("change", () => send(input.files[0]));
    place.addEventListener("dragover", (event) => { event.preventDefault(); place.classList.add("over"); });
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("over");
      send(event.dataTransfer.files[0]);
    });
  }
})();
