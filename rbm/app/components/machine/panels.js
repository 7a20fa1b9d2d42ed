// What stands beside the network: bars, tables, matrices, curves. Each is built once and redrawn from numbers.

const share = (p) => (p >= 0.0995 ? (100 * p).toFixed(0) : p >= 0.00095 ? (100 * p).toFixed(1) : "0")

/** Sixteen columns: a picture, its exact probability in blue, what was counted in orange, a ghost of what it was. */
function buildBars(root, { world, pick }) {
  const columns = [...Array(16).keys()].map((state) => {
    const column = html("button", { type: "button", class: `column c${state}${world.includes(state) ? " world" : ""}` }, [
      html("span", { class: "value" }),
      html("span", { class: "shaft" }, [html("i", { class: "bar" }), html("i", { class: "ghost" }), html("i", { class: "count" })]),
      tile(state),
    ])
    column.onclick = () => pick(state)
    column.disabled = !pick.clickable
    return column
  })
  root.replaceChildren(...columns)
}

function drawBars(root, { p, v, counts, ghost, total }) {
  const top = Math.max(...p, ...(ghost ?? []), 0.08) * 1.05
  p.forEach((value, state) => {
    const column = root.querySelector(`.c${state}`)
    column.classList.toggle("here", state === v)
    column.setAttribute("aria-label", `picture ${state.toString(2).padStart(4, "0")}, probability ${share(value)} per cent`)
    column.querySelector(".value").textContent = share(value)
    column.querySelector(".bar").style.height = `${(100 * value) / top}%`
    const counted = column.querySelector(".count")
    counted.hidden = !total
    if (total) counted.style.height = `${Math.min(100, (100 * counts[state]) / total / top)}%`
    const old = column.querySelector(".ghost")
    old.hidden = !ghost
    if (ghost) old.style.height = `${(100 * ghost[state]) / top}%`
  })
}

/** All 128 energies as ticks on a line, and the one of the state that is shown. */
function drawStrip(svg, { energy, here, text }) {
  const all = energy.flat()
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const x = (value) => 14 + (472 * (value - low)) / (high - low)
  const ticks = all.map((value) => make("line", { class: "tick", x1: x(value), x2: x(value), y1: 30, y2: 62 }))
  const anchor = x(here) < 120 ? "start" : x(here) > 380 ? "end" : "middle"
  svg.replaceChildren(
    ...ticks,
    make("line", { class: "mine", x1: x(here), x2: x(here), y1: 22, y2: 70 }),
    make("text", { class: "mine", x: x(here), y: 16, "text-anchor": anchor }, [text]),
    make("text", { x: 14, y: 84 }, ["low energy: likely"]),
    make("text", { x: 486, y: 84, "text-anchor": "end" }, ["high: unlikely"]),
  )
}

/** Columns are pictures, rows hidden states; the colour is the energy, the number p(v, h) in per cent. */
function drawTable(root, { table, v, h, pick }) {
  const all = table.energy.flat()
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const rows = [...Array(8).keys()].map((hidden) => html("div", { class: "row" }, [...Array(16).keys()].map((state) => {
    const energy = table.energy[state][hidden]
    const depth = (high - energy) / (high - low)
    const names = [state.toString(2).padStart(4, "0"), hidden.toString(2).padStart(3, "0")]
    const p = table.joint[state][hidden]
    const cell = html("button", {
      type: "button", tabindex: -1, class: `state ${state === v && hidden === h ? "here" : ""}`,
      style: `--depth: ${(100 * depth ** 2).toFixed(0)}%`,
      title: `v = ${names[0]}, h = ${names[1]}: E = ${energy.toFixed(2)}, p = ${(100 * p).toPrecision(2)} %`,
      "aria-label": `v ${names[0]}, h ${names[1]}: energy ${energy.toFixed(2)}, probability ${(100 * p).toPrecision(2)} per cent`,
    }, [p >= 0.0005 ? (100 * p).toFixed(1) : "·"])
    cell.onclick = () => pick(state, hidden)
    return cell
  })))
  root.replaceChildren(...rows)
}

/** Of one picture: p(h | v) as the table has it, and as the product of the units' own probabilities. */
function drawRow(root, { table, v, h }) {
  const line = (name, cells) => html("tr", {}, [html("th", { scope: "row" }, [name]), ...cells])
  const cell = (text, hidden) => html("td", { class: hidden === h ? "here" : "" }, [text])
  const states = [...Array(8).keys()]
  const numbers = (values) => states.map((hidden) => cell((100 * values[hidden]).toFixed(2), hidden))
  root.replaceChildren(
    html("caption", {}, ["All eight hidden states, given the picture, in per cent"]),
    html("tbody", {}, [
      line("h₁h₂h₃", states.map((hidden) => cell(hidden.toString(2).padStart(3, "0"), hidden))),
      line("from the table: p(v, h) / p(v)", numbers(table.given[v])),
      line("p(h₁|v) · p(h₂|v) · p(h₃|v)", numbers(table.product[v])),
    ]),
  )
}

/** 4 pixels by 3 hidden units, red above zero, blue below; `fresh` cells are those of the pixels that are on. */
function matrix(title, values, scale, note = "") {
  const rows = (values ?? Array(4).fill(Array(3).fill(null))).map((row) => html("tr", {}, row.map((value) => html("td", {
    class: value === null ? "empty" : tone(value), style: `--strength: ${value === null ? 0 : Math.min(100, (100 * Math.abs(value)) / scale).toFixed(0)}%`,
  }, [value === null ? " " : value === 0 ? "0" : signed(value, 2)]))))
  return html("figure", { class: "matrix" }, [html("figcaption", {}, [title]), html("table", {}, [html("tbody", {}, rows)]), html("small", {}, [note])])
}

/** Curves over one x, with a line to mark the present place. `limit`: a dashed line with a name. */
function drawCurves(svg, { lines, low, high, here, limit, title, ticks, last, unit }) {
  const { width, height } = svg.viewBox.baseVal
  const [left, right, top, bottom] = [28, width - 2, 20, height - 16]
  const x = (at, n) => left + ((right - left) * at) / (n - 1)
  const y = (value) => bottom - ((bottom - top) * (Math.min(high, Math.max(low, value)) - low)) / (high - low)
  const path = (values) => values.map((value, at) => `${x(at, values.length).toFixed(1)},${y(value).toFixed(1)}`).join(" ")
  svg.replaceChildren(
    make("text", { class: "title", x: left, y: 12 }, [title]),
    ...ticks.flatMap((value) => [
      make("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }),
      make("text", { x: left - 4, y: y(value) + 4, "text-anchor": "end" }, [String(value).replace("-", "−")]),
    ]),
    ...(limit ? [
      make("line", { class: "limit", x1: left, x2: right, y1: y(limit.value), y2: y(limit.value) }),
      make("text", { class: "limit", x: left + 8, y: y(limit.value) + 13 }, [limit.name]),
    ] : []),
    ...lines.map(({ values, kind }) => make("polyline", { class: `curve ${kind}`, points: path(values) })),
    ...(here === null ? [] : [
      make("line", { class: "playhead", x1: x(here, lines[0].values.length), x2: x(here, lines[0].values.length), y1: top, y2: bottom }),
    ]),
    make("text", { x: left, y: height - 3 }, ["0"]), make("text", { x: right, y: height - 3, "text-anchor": "end" }, [`${last} ${unit}`]),
  )
}
