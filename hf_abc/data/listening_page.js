"use strict";
{
  const main = document.getElementById("tunes");
  const tunes = [...main.querySelectorAll(".tune")];
  const control = Object.fromEntries(["words", "key", "meter", "state", "order"].map((id) => [id, document.getElementById(id)]));
  const text = new Map(tunes.map((tune) => [tune, `${tune.dataset.title}\n${tune.querySelector(".facts").textContent}\n${tune.querySelector("details").textContent}`.toLowerCase()]));
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const ranks = { right: 0, compiles: 1, wrong: 2 };
  let order = "number"; // as the page comes

  function arrange(by) {
    const value = (tune) => (by === "state" ? ranks[tune.dataset.state] : Number(tune.dataset[by]));
    const compare = by === "title" || by === "key" || by === "meter"
      ? (a, b) => collator.compare(a.dataset[by], b.dataset[by])
      : (a, b) => value(a) - value(b);
    tunes.sort((a, b) => compare(a, b) || a.dataset.number - b.dataset.number);
    main.append(...tunes);
    order = by;
  }

  function show() {
    const words = control.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const tune of tunes) {
      const data = tune.dataset;
      const state = control.state.value;
      const fits =
        words.every((word) => text.get(tune).includes(word)) &&
        (!control.key.value || data.key === control.key.value) &&
        (!control.meter.value || data.meter === control.meter.value) &&
        (!state || data.state === state || (state === "compiles" && data.state === "right"));
      tune.hidden = !fits;
      count += fits;
    }
    if (control.order.value !== order) arrange(control.order.value);
    document.getElementById("shown").textContent = count === tunes.length ? "" : `${count} of ${tunes.length} tunes shown`;
  }

  document.getElementById("filter").addEventListener("input", show);
  document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());

  main.addEventListener("play", (event) => {
    for (const other of main.querySelectorAll("audio")) if (other !== event.target) other.pause();
  }, true);

  async function copy(button) {
    const source = document.getElementById(button.dataset.for);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      const area = document.createElement("textarea");
      area.value = source.textContent;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy ABC"; }, 1500);
  }

  for (const button of main.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  show();
}
