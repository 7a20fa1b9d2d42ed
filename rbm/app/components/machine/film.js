// Trainings of the machine as films: every frame was computed before; here they are only shown.

function player(page, data, { still, count, pace, show }) {
  const memory = page.memory
  memory.frame ??= data.frame ?? 0
  const move = (frame) => { memory.frame = Math.max(0, Math.min(count() - 1, frame)); show() }
  const { toggle, stop } = page.clock(() => {
    if (memory.frame >= count() - 1) return stop()
    move(memory.frame + 1)
  }, still ? 1000 : pace)
  const play = () => { if (memory.frame >= count() - 1 && !page.running()) memory.frame = -1; toggle() }
  page.seek(count() - 1, (frame) => { stop(); move(frame) })
  return { move, stop, play }
}

/** Chapter 5: frames are phases, four to an update. */
function updateMode(page, data, { still }) {
  const { find, memory } = page
  const show = () => {
    const [at, phase] = [memory.frame >> 2, memory.frame & 3]
    const one = data.updates[at]
    const before = at ? data.updates[at - 1] : { after: data.first, p_after: data.p_first }
    const on = (state) => [0, 1, 2, 3].map((i) => bit(state, i, 4))
    const outer = (state, p) => on(state).map((pixel) => p.map((value) => pixel * value))
    drawNetwork(find(".network"), {
      v: phase < 2 ? one.v0 : one.v1, h: phase === 0 ? null : one.h0,
      weights: phase === 3 ? one.after : before.after, pHidden: phase < 2 ? one.p_h0 : one.p_h1, pVisible: phase === 2 ? one.p_v1 : null,
    })
    const step = one.change
    const scale = Math.max(0.3, ...step.flat().map(Math.abs), ...one.exact.flat().map(Math.abs))
    const close = ["rate × (data − dream)", "over all four pictures", `cosine with exact ${one.cosine.toFixed(3)}`]
    find(".matrices").replaceChildren(
      matrix("Data: v₀ p(h|v₀)ᵀ", phase >= 1 ? outer(one.v0, one.p_h0) : null, 1, "pixels on, times their units"),
      matrix("Dream: v₁ p(h|v₁)ᵀ", phase >= 2 ? outer(one.v1, one.p_h1) : null, 1, "the same for the dream"),
      matrix("Change ΔW", phase >= 3 ? step : null, scale, close[0]),
      matrix("Exact gradient", one.exact, scale, close[1]),
      matrix("CD-1 on average", one.expected, scale, close[2]),
    )
    drawBars(find(".bars"), { p: phase === 3 ? one.p_after : before.p_after, v: phase < 2 ? one.v0 : one.v1, ghost: phase === 3 ? before.p_after : null, total: 0 })
    find(".sum").textContent = `Update ${at + 1} of ${data.updates.length}. ${data.phases[phase]}`
    find(".told").textContent = ""
    page.at(memory.frame, `update ${at + 1}, ${data.phases[phase]}`)
    find(".machine").dataset.frame = String(memory.frame)
  }
  const { move, stop, play } = player(page, data, { still, count: () => 4 * data.updates.length, pace: 350, show })
  page.axes([], [], () => {})
  page.buttons([
    ["back", "Back", "", () => { stop(); move(memory.frame - 1) }],
    ["next", "Next phase", "", () => { stop(); move(memory.frame + 1) }],
    ["picture", "Next picture", "", () => { stop(); move((memory.frame & ~3) + 4) }],
    ["play", "Play", "", play],
  ])
  frame(page, data)
  show()
}

const MOMENT = 30 // numbers: 12 weights, 16 probabilities, log-likelihood, error

/** 16-bit whole numbers, in base64, of 1/`parts`. */
function decoded(letters, parts, moments) {
  const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0))
  const numbers = Array.from(new Int16Array(bytes.buffer), (number) => number / parts)
  const films = []
  for (let begin = 0; begin < numbers.length; begin += moments * MOMENT) {
    const rows = [...Array(moments).keys()].map((at) => numbers.slice(begin + at * MOMENT, begin + (at + 1) * MOMENT))
    films.push({ weights: rows.map((row) => row.slice(0, 12)), p: rows.map((row) => row.slice(12, 28)), likelihood: rows.map((row) => row[28]), error: rows.map((row) => row[29]) })
  }
  return films
}

/** Chapter 6: frames are kept updates; a film for each choice. */
function filmMode(page, data, { still }) {
  const { find, memory } = page
  memory.picks ??= data.axes.map((axis) => axis.start)
  memory.began ??= data.axes.map((axis) => axis.start)
  data.axes.forEach((axis, i) => {
    if (axis.start !== memory.began[i]) memory.picks[i] = memory.began[i] = axis.start
  })
  memory.films ??= decoded(data.films, data.parts, data.moments)
  const film = () => memory.films[data.axes.reduce((at, axis, i) => at * axis.labels.length + memory.picks[i], 0)]
  const show = () => {
    const { frame } = memory
    const now = film()
    const weights = [0, 1, 2, 3].map((i) => now.weights[frame].slice(3 * i, 3 * i + 3))
    drawNetwork(find(".network"), { v: null, h: null, weights, pHidden: null, pVisible: null })
    drawBars(find(".bars"), { p: now.p[frame], v: null, total: 0 })
    find(".curves").setAttribute("viewBox", "0 0 245 115")
    drawCurves(find(".curves"), { lines: [{ values: now.likelihood, kind: "k0" }], low: -4.2, high: -1.2, here: frame, title: "Exact log-likelihood, nats", ticks: [-4, -3, -2], limit: data.limit, last: data.last, unit: "updates" })
    drawCurves(find(".errors"), { lines: [{ values: now.error, kind: "k1" }], low: 0, high: 1.5, here: frame, title: "Reconstruction error", ticks: [0, 1], last: data.last, unit: "updates" })
    const gap = data.limit.value - now.likelihood[frame]
    find(".sum").textContent = (`After ${data.every * frame} updates: log-likelihood ${minus(now.likelihood[frame].toFixed(2))}, which is ${gap.toFixed(2)} nats below the best: KL(data || model) = ${gap.toFixed(2)}. Reconstruction error ${now.error[frame].toFixed(2)}.`)
    find(".told").textContent = ""
    page.at(frame, `update ${data.every * frame}`)
    find(".machine").dataset.frame = String(frame)
  }
  const { stop, play, move } = player(page, data, { still, count: () => film().p.length, pace: 120, show })
  page.axes(data.axes, memory.picks, (axis, pick) => { memory.picks[axis] = pick; show() })
  page.buttons([["play", "Play", "", play], ["rewind", "To the start", "", () => { stop(); move(0) }]])
  frame(page, data)
  show()
}

function frame(page, data) {
  if (!page.changed(["mode", "world"])) return
  buildNetwork(page.find(".network"), { clickable: false, flip: () => {} })
  buildBars(page.find(".bars"), { world: data.world, pick: () => {} })
}
