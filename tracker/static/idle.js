/* A screen that nobody uses shows nobody: after the time of a session without use, what is on it is taken away. */
(function () {
  "use strict";
  var cover = document.getElementById("away");
  var seconds = Number(document.body.dataset.idle);
  if (!cover || !seconds) return;
  var used = Date.now();
  ["keydown", "pointerdown", "wheel", "scroll", "input"].forEach(function (kind) {
    document.addEventListener(kind, function () { used = Date.now(); }, { capture: true, passive: true });
  });
  function look() {
    if (Date.now() - used < seconds * 1000) return;
    clearInterval(watch);
    document.title = cover.dataset.title;
    document.body.replaceChildren(document.importNode(cover.content, true));
    var again = document.getElementById("open-again");
    again.href = window.location.href;
    again.focus();
  }
  var watch = setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
})();
