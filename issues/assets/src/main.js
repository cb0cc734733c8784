import { Composer } from "./composer.js";

export { RichText } from "./richtext/editor.js";

customElements.define("desk-composer", Composer);
