/** All that moves the cursor, colours, or renames the window: C0 but for tabs and line feeds, which our own output has, DEL, C1. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text for a terminal, where what others wrote (annotations, tags, messages) can do nothing: control characters are shown as `\\u001b`. */
export function showControls(text: string): string {
  return text.replace(controls, spell);
}

/** JSON that says the same, in which even the controls are spelled out that JSON may hold as they are. */
export function spellControls(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, spell);
}

function spell(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
