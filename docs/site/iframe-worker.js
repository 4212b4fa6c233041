// SPDX-License-Identifier: MIT
// Lets the search work where the site is read from a folder: there browsers refuse to start a worker, so the worker's
// script runs in a hidden frame instead, which is given what a worker has. The name is what Material's plugin looks for.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inside = frame.contentWindow;
      this.waiting = []; // posted before the script was there
      const within = frame.contentDocument;
      const load = (script) =>
        new Promise((done, failed) => {
          const element = within.createElement("script");
          element.src = script;
          element.onload = done;
          element.onerror = () => failed(new Error(`cannot load ${script}`));
          within.body.append(element);
        });
      this.inside.importScripts = (...scripts) =>
        scripts.reduce((before, script) => before.then(() => load(new URL(script, address).href)), Promise.resolve());
      this.inside.postMessage = (message) => setTimeout(() => this.tell(message));
      load(address).then(() => {
        for (const message of this.waiting) this.deliver(message);
        this.waiting = null;
      });
    }

    tell(message) {
      const event = new MessageEvent("message", { data: message });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    }

    deliver(message) {
      this.inside.dispatchEvent(new MessageEvent("message", { data: message }));
    }

    postMessage(message) {
      if (this.waiting) this.waiting.push(message);
      else this.deliver(message);
    }

    terminate() {}
  };
}
