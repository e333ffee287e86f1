/* Equations that are wider than the page scroll in their own box; whoever uses the keyboard must be able to reach it. */
(() => {
  const update = () => {
    for (const box of document.querySelectorAll('mjx-container[display="true"], div.math')) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", update);
  addEventListener("resize", update);
})();
