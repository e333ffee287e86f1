/** The host in the built page: mounts each demo when it comes near the screen. Works over http and from a file. */

import { mount } from "./demo.js";
import { h } from "./dom.js";
import { addressStates } from "./state.js";

const NEAR = "500px";

/** Put the live demo in the place of its picture; if that fails, the picture stays and says why. */
export async function mountInPage(root) {
  const source = root.querySelector("script[type='application/json']");
  const kept = [...root.childNodes];
  try {
    await mount(root, JSON.parse(source.textContent), null);
  } catch (error) {
    root.replaceChildren(h("p", { class: "ddsp-failed", role: "alert" }, `This demo could not start in your browser (${error.message}). The picture shows its last state.`), ...kept);
    console.error(error);
  }
}

/** Watch all demos of the page; one that the address names is opened at once and scrolled to. */
export async function startPage() {
  const roots = [...document.querySelectorAll(".ddsp-demo:not([data-ready])")].filter((root) => root.querySelector("script[type='application/json']"));
  const wanted = addressStates();
  const linked = roots.filter((root) => wanted.has(root.dataset.id));
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        observer.unobserve(entry.target);
        mountInPage(entry.target);
      }
    },
    { rootMargin: NEAR },
  );
  roots.filter((root) => !linked.includes(root)).forEach((root) => observer.observe(root));
  await Promise.all(linked.map(mountInPage));
  const how = performance.getEntriesByType("navigation")[0]?.type;
  if (linked.length && how === "navigate") linked[0].scrollIntoView({ block: "start" });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startPage);
else startPage();
