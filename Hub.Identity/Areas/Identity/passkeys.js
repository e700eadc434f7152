// Passkeys in forms (WebAuthn Level 3). A form with data-passkey="use" or "create" holds what the Hub asks for and a field for the answer; the rest of
// it works without this script. Nothing is fetched or sent but the form itself.
'use strict';

const reasons = {
  NotAllowedError: 'No passkey was used: it was cancelled, or took too long. Try again.',
  InvalidStateError: 'This device has a passkey for your account already.',
  SecurityError: 'This browser uses no passkeys at this address: they need https, or localhost, and a host name.',
};

for (const form of document.querySelectorAll('form[data-passkey]'))
  enhance(form);

async function enhance(form) {
  const create = form.dataset.passkey === 'create';
  const part = name => form.querySelector(`[data-passkey-${name}]`);
  const button = part('button');
  const parse = window.PublicKeyCredential?.[create ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON'];
  if (!parse) {
    part('unsupported').hidden = false;
    return;
  }

  let waiting = null; // one question at a time: the browser's offer in the e-mail field gives way to the button
  button.hidden = false;
  part('unused')?.remove();
  button.addEventListener('click', event => {
    if (form.elements['Passkey.Credential'].value)
      return; // on its way
    event.preventDefault();
    if ([...form.querySelectorAll('[data-passkey-needs]')].every(field => field.reportValidity()))
      ask();
  });
  if (!create && 'passkeyAutofill' in form.dataset && await PublicKeyCredential.isConditionalMediationAvailable?.())
    ask('conditional');

  async function ask(mediation) {
    waiting?.abort();
    const question = waiting = new AbortController();
    const fault = part('fault');
    fault.hidden = true;
    try {
      const publicKey = parse.call(PublicKeyCredential, JSON.parse(part('options').value));
      const name = part('name')?.value;
      if (create && name)
        publicKey.user.name = publicKey.user.displayName = name;
      const credential = await navigator.credentials[create ? 'create' : 'get']({ publicKey, mediation, signal: question.signal });
      form.elements['Passkey.Credential'].value = JSON.stringify(credential);
      form.requestSubmit(button);
    } catch (error) {
      if (question !== waiting || mediation === 'conditional')
        return;
      fault.textContent = reasons[error.name] ?? 'This browser could not use a passkey. Try again, or use another way.';
      fault.hidden = false;
      fault.focus();
    }
  }
}
