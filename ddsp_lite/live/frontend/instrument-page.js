/** The host of instruments in a built page: each is mounted when it comes near the screen. */

import { h } from "./dom.js";
import { mountInstrument } from "./instrument.js";

async function mountFound(root) {
  const kept = [...root.childNodes];
  try {
    await mountInstrument(root, JSON.parse(root.querySelector("script[type='application/json']").textContent), null);
  } catch (error) {
    root.replaceChildren(h("p", { class: "ddsp-failed", role: "alert" }, `This instrument could not start in your browser (${error.message}).`), ...kept);
    console.error(error);
  }
}

function startInstruments() {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        observer.unobserve(entry.target);
        mountFound(entry.target);
      }
    },
    { rootMargin: "500px" },
  );
  for (const root of document.querySelectorAll(".ddsp-instrument[data-ready=false]")) observer.observe(root);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startInstruments);
else startInstruments();
