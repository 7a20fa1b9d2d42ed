// The network: hidden units above, the picture's pixels on the floor below, a wire between each two.
const SVG = "http://www.w3.org/2000/svg"
const TOPS = [62, 190, 318] // x of the hidden units
const FLOOR = [ // the corners of each pixel, seen from the front
  [[112, 196], [187, 196], [186, 236], [101, 236]], [[193, 196], [268, 196], [279, 236], [194, 236]],
  [[99, 242], [186, 242], [185, 290], [86, 290]], [[194, 242], [281, 242], [294, 290], [195, 290]],
]
const BESIDE = [[88, 220, "end"], [292, 220, "start"], [74, 272, "end"], [306, 272, "start"]] // of p(v_i = 1 | h)
const PIXELS = ["top left", "top right", "bottom left", "bottom right"]

const bit = (state, i, n) => (state >> (n - 1 - i)) & 1
const percent = (p) => (p > 0 && p < 0.005 ? "<1 %" : p < 1 && p > 0.995 ? ">99 %" : `${Math.round(100 * p)} %`)
const signed = (x, digits = 1) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(digits)}`

function make(name, attributes = {}, children = [], space = SVG) {
  const element = space ? document.createElementNS(space, name) : document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, String(value))
  }
  element.append(...children)
  return element
}
const html = (name, attributes, children) => make(name, attributes, children, null)

const centre = (corners) => corners.reduce(([x, y], [a, b]) => [x + a / 4, y + b / 4], [0, 0])
const tone = (weight) => (weight < 0 ? "cold" : "warm")

/** A picture of 2 × 2 pixels as a small SVG. */
function tile(state, size = 22) {
  const cells = [0, 1, 2, 3].map((i) => make("rect", { x: i % 2, y: i >> 1, width: 1, height: 1, class: bit(state, i, 4) ? "ink" : "dark" }))
  return make("svg", { viewBox: "-0.06 -0.06 2.12 2.12", width: size, height: size, class: "tile", "aria-hidden": "true" }, cells)
}

function filter(x, j) {
  const cells = [0, 1, 2, 3].map((i) => make("rect", { class: `cell f${j}${i}`, x: x + 13 * (i % 2), y: 6 + 13 * (i >> 1), width: 13, height: 13 }))
  return make("g", { class: "filter" }, [...cells, make("rect", { class: "frame", x, y: 6, width: 26, height: 26 })])
}

/** Built once: every part that later changes has a class by which `drawNetwork` finds it. */
function buildNetwork(svg, { clickable, flip }) {
  const wires = []
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 3; j++) {
      const [x, y] = [centre(FLOOR[i])[0], FLOOR[i][0][1] + 11]
      wires.push(make("line", { class: `wire w${i}${j}`, x1: TOPS[j], y1: 70, x2: x, y2: y }))
    }
  }
  const unit = (layer, index, name, inside) => {
    const group = make("g", { class: `unit ${layer} ${layer}${index}`, ...(clickable ? { role: "switch", tabindex: 0, "aria-label": name } : {}) }, inside)
    if (clickable) {
      group.onclick = () => flip(layer, index)
      group.onkeydown = (event) => {
        if (event.key !== "Enter" && event.key !== " ") return
        event.preventDefault()
        flip(layer, index)
      }
    }
    return group
  }
  const name = (layer, i, x, y) => make("text", { class: `name ${layer} n${layer}${i}`, x, y, "text-anchor": "middle", "aria-hidden": "true" })
  const chance = (layer, i, x, y, anchor) => make("text", { class: `chance ${layer} p${layer}${i}`, x, y, "text-anchor": anchor })
  const hidden = TOPS.map((x, j) => unit("h", j, `hidden unit ${j + 1}`, [filter(x - 42, j), make("circle", { class: "body", cx: x, cy: 62, r: 21 })]))
  const visible = FLOOR.map((corners, i) => unit("v", i, `pixel ${PIXELS[i]}`, [
    make("polygon", { class: "body", points: corners.map((c) => c.join(",")).join(" ") }),
  ]))
  const texts = [
    ...TOPS.flatMap((x, j) => [name("h", j, x, 67), chance("h", j, x - 8, 24, "start")]),
    ...FLOOR.flatMap((corners, i) => [name("v", i, centre(corners)[0], corners[2][1] - 7), chance("v", i, ...BESIDE[i])]),
  ]
  // wires end on the pixels, not behind them
  svg.replaceChildren(...visible, make("g", { class: "wires" }, wires), ...hidden, ...texts)
}

/** v, h: states, or null where nothing is drawn yet; on the wires the weights; p: probabilities, or null. */
function drawNetwork(svg, { v, h, weights, pHidden, pVisible }) {
  const find = (selector) => svg.querySelector(selector)
  const largest = Math.max(...weights.flat().map(Math.abs), 1e-9)
  weights.forEach((row, i) => row.forEach((weight, j) => {
    const lit = v !== null && h !== null && bit(v, i, 4) && bit(h, j, 3)
    const wire = find(`.w${i}${j}`)
    wire.setAttribute("class", `wire w${i}${j} ${tone(weight)} ${lit ? "lit" : ""}`)
    wire.setAttribute("stroke-width", String(Math.min(11, 0.6 + 1.5 * Math.abs(weight))))
    const cell = find(`.f${j}${i}`)
    cell.setAttribute("class", `cell f${j}${i} ${tone(weight)}`)
    cell.setAttribute("fill-opacity", String(Math.abs(weight) / largest))
  }))
  const show = (layer, index, state, n, p) => {
    const unit = find(`.${layer}${index}`)
    const on = state === null ? null : bit(state, index, n)
    unit.classList.toggle("on", on === 1)
    unit.classList.toggle("unknown", on === null)
    if (unit.hasAttribute("role")) unit.setAttribute("aria-checked", on ? "true" : "false")
    const label = find(`.n${layer}${index}`)
    label.classList.toggle("on", on === 1)
    label.classList.toggle("unknown", on === null)
    label.textContent = `${layer}${"₁₂₃₄"[index]}${on === null ? "" : ` = ${on}`}`
    find(`.p${layer}${index}`).textContent = p ? percent(p[index]) : ""
  }
  for (let j = 0; j < 3; j++) show("h", j, h, 3, pHidden)
  for (let i = 0; i < 4; i++) show("v", i, v, 4, pVisible)
}
