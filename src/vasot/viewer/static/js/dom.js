// Small helpers for the page: elements, times in words, and requests.

/** An element with properties (`class`, `on...`, aria and data attributes, or properties of the element) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.startsWith("aria")) element[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name === "class" ? "class" : name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** An instant as people read it; recordings of unknown rate count frames. */
export function timeText(seconds, recording) {
  if (!recording.timed) return `frame ${Math.floor(seconds * (recording.n_frames / length(recording)) + 1e-6)}`;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - 60 * minutes).toFixed(2);
  return minutes ? `${minutes}:${rest.padStart(5, "0")}` : `${rest} s`;
}

export const length = (recording) => recording.end_seconds - recording.start_seconds;

/** Say something to everybody, a screen reader's user included. */
export function tell(text, isError = false) {
  const message = byId("message");
  message.textContent = text;
  message.classList.toggle("error", isError);
}

/** The answer to a request, as a value; an error says what the server said. */
export async function ask(path, body = undefined) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The viewer does not answer; was it ended? Start it again with vasot view.");
  }
  const answer = await response.json().catch(() => ({ error: response.statusText }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
