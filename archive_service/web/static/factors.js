// Security keys: the browser makes one or signs with one, and the answer goes with the form.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const opened = (options) => {
    const made = { ...options, challenge: bytes(options.challenge) };
    if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
    for (const name of ["excludeCredentials", "allowCredentials"]) {
      if (options[name]) made[name] = options[name].map((one) => ({ ...one, id: bytes(one.id) }));
    }
    return made;
  };

  const written = (credential) => {
    const said = credential.response;
    const response = { clientDataJSON: text(said.clientDataJSON) };
    if (said.attestationObject) response.attestationObject = text(said.attestationObject);
    if (said.authenticatorData) response.authenticatorData = text(said.authenticatorData);
    if (said.signature) response.signature = text(said.signature);
    if (said.userHandle) response.userHandle = text(said.userHandle);
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
  };

  document.querySelectorAll("[data-key-wanted]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("form[data-key]").forEach((form) => {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      const field = form.querySelector("[name=answer]");
      if (field.value) return;
      event.preventDefault();
      const publicKey = opened(JSON.parse(form.dataset.options));
      try {
        const credential = form.dataset.key === "create" ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
        field.value = written(credential);
        form.submit();
      } catch {
        field.value = "";
      }
    });
  });
})();
