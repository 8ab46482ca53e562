"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Findings: a click on a column's head sorts, the fields above filter. Without this script the table stands as it is.
  const table = document.getElementById("table");
  if (table) {
    const rows = all("tbody", table);
    const heads = all("th[data-sort]", table);
    const sort = (column, head) => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.rows[0].cells[column].dataset.v;
      const compare = head.dataset.sort === "number" ? (a, b) => a - b : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const keyed = rows.map((row) => [value(row), row]);
      keyed.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
      table.append(...keyed.map(([, row]) => row));
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(column, head));
      head.replaceChildren(button);
    });

    const find = document.getElementById("find");
    const severity = document.getElementById("by-severity");
    const outcome = document.getElementById("by-outcome");
    const shown = document.getElementById("shown");
    const texts = new Map();
    const text = (row) => {
      if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
      return texts.get(row);
    };
    const filter = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row) => {
        row.hidden =
          (severity.value && row.dataset.severity !== severity.value) ||
          (outcome.value && row.dataset.outcome !== outcome.value) ||
          !words.every((word) => text(row).includes(word));
        count += row.hidden ? 0 : 1;
      });
      shown.textContent = count.toLocaleString("en") + " of " + rows.length.toLocaleString("en") + " shown";
    };
    [find, severity, outcome].forEach((field) => field.addEventListener("input", filter));
    document.querySelector(".filter").hidden = false;
    filter();
  }

  // The timeline: zoom and move along time. Marks keep their place as a fraction of the whole span.
  const picture = document.getElementById("picture");
  if (picture) {
    const [begin, end, left, width] = ["begin", "end", "left", "width"].map((name) => Number(picture.dataset[name]));
    const status = document.querySelector(".zoom [role=status]");
    const ticks = document.getElementById("ticks");
    const steps = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31622400];
    let from = 0;
    let to = 1;
    const at = (t) => left + ((t - from) / (to - from)) * width;
    const iso = (t) => new Date((begin + t * (end - begin)) * 1000).toISOString();
    const make = (name, attributes, content) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
      if (content) node.textContent = content;
      return node;
    };
    const axis = () => {
      const first = begin + from * (end - begin);
      const last = begin + to * (end - begin);
      const step = steps.find((size) => (last - first) / size <= 10) || steps[steps.length - 1];
      const bottom = picture.viewBox.baseVal.height - 4;
      let day = "";
      const made = [];
      for (let time = Math.ceil(first / step) * step; time <= last; time += step) {
        const t = (time - begin) / (end - begin);
        const [date, clock] = iso(t).split("T");
        const group = make("g", { class: "tick", transform: "translate(" + at(t) + " 0)" });
        group.append(make("line", { y1: 26, y2: bottom }));
        group.append(make("text", { y: 20 }, step >= 86400 ? date : clock.slice(0, step < 60 ? 8 : 5)));
        if (date !== day && step < 86400) group.append(make("text", { y: 8, class: "date" }, date));
        day = date;
        made.push(group);
      }
      ticks.replaceChildren(...made);
    };
    const outcomes = picture.dataset.outcomes.split(" ");
    const severities = picture.dataset.severities.split(" ");
    const bins = 36;
    const short = (n) => (n < 1000 ? String(n) : n < 10000 ? Math.floor(n / 100) / 10 + "k" : Math.floor(n / 1000).toLocaleString("en") + "k");
    // Like requests on one place are one mark with their number, unlike ones stand side by side, at every zoom.
    const marks = (lane) => {
      const places = new Map();
      lane.fine.forEach(([t, outcome, severity, count]) => {
        if (t < from || t > to) return;
        const bin = Math.floor(((t - from) / (to - from)) * bins);
        if (!places.has(bin)) places.set(bin, new Map());
        const kinds = places.get(bin);
        const old = kinds.get(outcome);
        if (old) Object.assign(old, { last: t, count: old.count + count, severity: Math.min(old.severity, severity) });
        else kinds.set(outcome, { first: t, last: t, count, severity });
      });
      const made = [];
      places.forEach((kinds) => {
        [...kinds.keys()].sort().forEach((outcome, place) => {
          const { first, last, count, severity } = kinds.get(outcome);
          const name = outcomes[outcome];
          const x = at((first + last) / 2) + place * Number(picture.dataset.aside);
          const group = make("g", { class: "mark " + severities[severity] + " " + name, transform: "translate(" + x + " " + lane.y + ")" });
          const number = count.toLocaleString("en");
          group.append(make("title", {}, iso(first).slice(0, 19) + "Z: " + number + (count > 1 ? " requests, " : " request, ") + name));
          group.append(make("use", { href: "#" + name }));
          if (count > 1 && name !== "context") group.append(make("text", { y: -8 }, short(count)));
          made.push(group);
        });
      });
      lane.node.replaceChildren(...made);
    };
    const lanes = all(".marks", picture).map((node) => ({
      node,
      y: node.dataset.y,
      fine: node.dataset.fine.split(";").filter(Boolean).map((part) => part.split(",").map(Number)),
    }));
    const draw = () => {
      lanes.forEach(marks);
      all(".release", picture).forEach((node) => {
        node.setAttribute("transform", "translate(" + at(Number(node.dataset.t)) + " 0)");
      });
      all(".span", picture).forEach((node) => {
        node.setAttribute("x", at(Number(node.dataset.t)));
        node.setAttribute("width", Math.max(2, at(Number(node.dataset.u)) - at(Number(node.dataset.t))));
      });
      axis();
      const words = (t) => iso(t).slice(0, 19).replace("T", " ");
      status.textContent = from === 0 && to === 1 ? "" : words(from) + " to " + words(to) + " UTC";
    };
    const show = (first, last) => {
      const size = Math.min(1, Math.max(last - first, 5 / (end - begin)));
      from = Math.min(Math.max(0, first), 1 - size);
      to = from + size;
      draw();
    };
    const moves = {
      in: () => show(from + (to - from) / 4, to - (to - from) / 4),
      out: () => show(from - (to - from) / 2, to + (to - from) / 2),
      left: () => show(from - (to - from) / 2, to - (to - from) / 2),
      right: () => show(from + (to - from) / 2, to + (to - from) / 2),
      all: () => show(0, 1),
    };
    all("[data-zoom]").forEach((button) => button.addEventListener("click", moves[button.dataset.zoom]));
    document.querySelector(".zoom").hidden = false;

    // Drag over a stretch of time to look at it.
    const place = (event) => {
      const box = picture.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * picture.viewBox.baseVal.width;
      return from + ((x - left) / width) * (to - from);
    };
    let start = null;
    picture.addEventListener("mousedown", (event) => {
      start = place(event);
      event.preventDefault();
    });
    window.addEventListener("mouseup", (event) => {
      if (start === null) return;
      const stop = place(event);
      if (Math.abs(stop - start) > (to - from) / 60) show(Math.min(start, stop), Math.max(start, stop));
      start = null;
    });
  }
})();
