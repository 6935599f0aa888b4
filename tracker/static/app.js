/* Single keys that act on a page. They can be in the way of speech input (WCAG 2.1.4): /help/keys turns them off. */
(function () {
  "use strict";
  var find = document.getElementById("quick-find");
  var help = document.getElementById("all-keys");
  var list = document.getElementById("worklist");
  var on = document.body.dataset.keys === "on";

  if (find && on) find.parentElement.classList.add("keyed");

  /* The current row: a sunk ground and a blue edge, and the focus on its link, so that Enter opens it. */
  function rows() { return list ? Array.from(list.tBodies[0].rows) : []; }
  function current() { return list && list.querySelector("tr.cur"); }
  function stand(row) {
    var before = current();
    if (before && before !== row) { before.classList.remove("cur"); before.removeAttribute("aria-current"); }
    row.classList.add("cur");
    row.setAttribute("aria-current", "true");
  }
  function move(step) {
    var all = rows();
    var here = all.indexOf(current());
    var next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1)];
    if (!next) return;
    stand(next);
    next.querySelector("a.what").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  /* Ticked rows, and how many. */
  var bulk = document.getElementById("bulk");
  var said = document.getElementById("ticked");
  var every = document.getElementById("every");
  var page = document.getElementById("tick-page");
  var clear = document.getElementById("untick");
  function boxes() { return list ? Array.from(list.querySelectorAll("input[name=id]")) : []; }
  function ticked() { return boxes().filter(function (box) { return box.checked; }); }
  function tell() {
    var count = ticked().length;
    var all = every && every.checked;
    if (all) said.textContent = every.labels[0].textContent;
    else said.textContent = count ? count + " selected" : "With the ticked ones:";
    clear.hidden = !count && !all;
    page.checked = count > 0 && count === boxes().length;
    page.indeterminate = count > 0 && !page.checked;
  }
  function tick(value) { boxes().forEach(function (box) { box.checked = value; }); }
  if (bulk) {
    page.hidden = false;
    page.addEventListener("change", function () { tick(page.checked); tell(); });
    list.addEventListener("change", function (event) { if (event.target.name === "id") tell(); });
    if (every) every.addEventListener("change", tell);
    clear.addEventListener("click", function () { tick(false); if (every) every.checked = false; tell(); });
    tell();
  }
  if (list) list.addEventListener("focusin", function (event) {
    var row = event.target.closest("tbody tr");
    if (row) stand(row);
  });

  /* An act takes the ticked rows, or the current one if none is ticked. */
  function act(name) {
    var button = bulk && bulk.querySelector("button[name=act][value=" + name + "]");
    if (!button) return false;
    if (!ticked().length && !(every && every.checked)) {
      if (!current()) return false;
      current().querySelector("input[name=id]").checked = true;
      tell();
    }
    button.click();
    return true;
  }
  function tickCurrent() {
    var box = current() && current().querySelector("input[name=id]");
    if (box) { box.checked = !box.checked; tell(); }
    return Boolean(box);
  }

  var keys = {
    "/": function () { if (find) find.focus(); return Boolean(find); },
    "?": function () { if (help) help.click(); return Boolean(help); },
    j: function () { move(1); return Boolean(list); },
    k: function () { move(-1); return Boolean(list); },
    x: tickCurrent,
    a: function () { return act("assign"); },
    s: function () { return act("snooze"); },
    n: function () { return act("note"); },
    e: function () { return act("acknowledge"); }
  };
  function typing(target) {
    if (target.type === "checkbox" || target.type === "radio") return false;
    return target.closest("input, select, textarea, [contenteditable]");
  }
  document.addEventListener("keydown", function (event) {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    var does = Object.prototype.hasOwnProperty.call(keys, event.key) && keys[event.key];
    if (does && does()) event.preventDefault();
  });

  var print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", function () { window.print(); });
  }
})();
