/* Passkeys: ask the browser, put its answer into the form, send it. Without passkeys the form stays hidden. */
(function () {
  "use strict";
  var ready = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON && PublicKeyCredential.prototype.toJSON;
  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var options = JSON.parse(form.dataset.options);
    var trouble = form.querySelector(".usa-error-message");
    var create = form.dataset.passkey === "create";
    if (!ready) {
      var without = document.getElementById("no-passkeys");
      if (without) without.hidden = false;
      return;
    }
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      if (form.elements.passkey.value) return;
      event.preventDefault();
      trouble.hidden = true;
      var asked = create
        ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      asked.then(function (answer) {
        form.elements.passkey.value = JSON.stringify(answer.toJSON());
        form.submit();
      }).catch(function () { trouble.hidden = false; });
    });
  });
})();
