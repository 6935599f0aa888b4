/* The key / goes to the search. One key alone can be in the way of speech input (WCAG 2.1.4): the foot of the page turns it off. */
(function () {
  "use strict";
  var field = document.getElementById("quick-find");
  var toggle = document.getElementById("find-key");
  if (!field || !toggle) return;

  function isOn() {
    try { return localStorage.getItem("find-key") !== "off"; } catch (_) { return true; }
  }
  function show() {
    toggle.textContent = isOn() ? "Key / finds a patient: turn off" : "Key / is off: turn on";
    field.parentElement.classList.toggle("keyed", isOn());
  }
  toggle.addEventListener("click", function () {
    try { localStorage.setItem("find-key", isOn() ? "off" : "on"); } catch (_) { /* stays as it is */ }
    show();
  });
  document.addEventListener("keydown", function (event) {
    var typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing || !isOn()) return;
    event.preventDefault();
    field.focus();
  });
  toggle.hidden = false;
  show();
})();
