/* A mailed code stands behind the # of its link, which browsers keep to themselves: put it into the form and go on. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-mailed-code]");
  function take() {
    var code = window.location.hash.slice(1);
    if (!code) return;
    window.history.replaceState(null, "", window.location.pathname);
    form.elements.code.value = code;
    form.submit();
  }
  window.addEventListener("hashchange", take);
  take();
})();
