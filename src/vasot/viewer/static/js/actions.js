// The list of actions: names, colours, merging, and all takes of one.

import { make } from "./dom.js";
import { takesOf } from "./takes.js";
import { dress } from "./timeline.js";

/** A list entry for every action of the run. */
export function actionEntries(app) {
  return app.run.actions.map((action, index) => entry(app, action, index));
}

function entry(app, action, index) {
  const change = (what, body) => app.change(`api/actions/${index}/${what}`, body);
  const key = make("span", { class: "key", "aria-hidden": "true" }, index < 9 ? String(index + 1) : "");
  dress(key, action);
  const name = make("input", {
    type: "text", value: action.name, "aria-label": `Name of action ${index}`, autocomplete: "off", "data-focus": `name-${index}`,
    onchange: () => change("name", { name: name.value.trim() || null }),
  });
  const colour = make("input", {
    type: "color", value: action.colour, "aria-label": `Colour of ${action.name}`, "data-focus": `colour-${index}`,
    onchange: () => change("colour", { colour: colour.value }),
  });
  const usual = action.coloured
    ? make("button", {
        type: "button", "aria-label": `Usual colour of ${action.name}`, title: "Usual colour",
        onclick: () => change("colour", { colour: null }),
      }, "↺")
    : null;
  return make("li", { class: action.merged === null ? "" : "merged" }, key, name, takes(app, action, index), colour,
    usual, merging(app, action, index, change));
}

function merging(app, action, index, change) {
  const select = make("select", {
    "aria-label": `Make ${action.name} part of`, "data-focus": `merge-${index}`,
    onchange: () => change("merge", { into: select.value === "" ? null : Number(select.value) }),
  }, make("option", { value: "" }, "alone"));
  app.run.actions.forEach((other, number) => {
    if (number !== index && other.merged === null) {
      select.append(make("option", { value: number }, `in ${other.name}`));
    }
  });
  select.value = action.merged ?? "";
  return select;
}

function takes(app, action, index) {
  const count = takesOf(app.run, index).length;
  return make("button", {
    type: "button", disabled: count === 0, "aria-label": `Play all ${count} takes of ${action.name}`,
    onclick: () => app.showTakes(index, 0),
  }, `▶ ${count}`);
}
