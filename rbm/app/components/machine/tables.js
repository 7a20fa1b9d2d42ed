// One machine, all of its tables, and a chain that draws from them. Nothing is computed here that is a probability.
const PACE = 5 // sweeps a frame
const RACE = 200 // sweeps
const RUNNERS = 50 // chains of each machine: of one alone, luck would tell

function drawn(means) {
  return means.reduce((state, mean) => 2 * state + (Math.random() < mean ? 1 : 0), 0)
}
const apart = (counts, total, p) => 0.5 * counts.reduce((sum, count, state) => sum + Math.abs(count / total - p[state]), 0)

/** Off by how much, after each of RACE sweeps from a start: the mean over chains, each with counts of its own. */
function race(table, start) {
  const off = Array(RACE).fill(0)
  for (let runner = 0; runner < RUNNERS; runner++) {
    const counts = Array(16).fill(0)
    for (let sweep = 1, v = start; sweep <= RACE; sweep++) {
      v = drawn(table.mean_visible[drawn(table.mean_hidden[v])])
      counts[v] += 1
      off[sweep - 1] += apart(counts, sweep, table.p_visible) / RUNNERS
    }
  }
  return off
}

function tablesMode(page, data, { still, send }) {
  const memory = page.memory
  if (!memory.counts) Object.assign(memory, { v: data.start.v, h: data.start.h, counts: Array(16).fill(0), sweeps: 0, picks: data.axes.map((axis) => axis.start), began: data.axes.map((axis) => axis.start) })
  data.axes.forEach((axis, i) => { // the page asks for another one
    if (axis.start !== memory.began[i]) memory.picks[i] = memory.began[i] = axis.start
  })
  const { find } = page
  const table = () => data.tables[data.axes.reduce((at, axis, i) => at * axis.labels.length + memory.picks[i], 0)]

  const draw = () => {
    const now = table()
    const { v, h } = memory
    drawNetwork(find(".network"), { v, h, weights: now.weights, pHidden: data.chances ? now.mean_hidden[v] : null, pVisible: data.chances ? now.mean_visible[h] : null })
    if (data.view === "strip") drawStrip(find(".strip"), { energy: now.energy, here: now.energy[v][h], text: `yours: ${minus(now.energy[v][h].toFixed(2))}` })
    drawBars(find(".bars"), { p: now.p_visible, v, counts: memory.counts, total: memory.sweeps })
    if (data.view === "table") drawTable(find(".states"), { table: now, v, h, pick: (a, b) => { set(a, b); find(".states .here").focus() } })
    if (data.view === "row") drawRow(find(".given"), { table: now, v, h })
    find(".sum").textContent = arithmetic(now, v, h, data.chance)
    find(".told").textContent = told(now)
    root().dataset.state = `${v}|${h}`
    root().dataset.sweeps = String(memory.sweeps)
  }
  const root = () => find(".machine")
  const told = (now) => {
    if (!data.controls.includes("sweep")) return ""
    const forget = `Relaxation time of this chain: about ${now.forget < 10 ? now.forget.toFixed(1) : Math.round(now.forget).toLocaleString("en")} sweeps.`
    if (!memory.sweeps) return data.covered ? "" : forget
    const seen = `${memory.sweeps.toLocaleString("en")} sweeps; orange is off blue by ${(100 * apart(memory.counts, memory.sweeps, now.p_visible)).toFixed(0)} %.`
    return data.covered ? seen : `${seen} ${forget}`
  }
  const set = (v, h) => { Object.assign(memory, { v, h }); draw() }
  const sweep = () => {
    memory.h = drawn(table().mean_hidden[memory.v])
    memory.v = drawn(table().mean_visible[memory.h])
    memory.counts[memory.v] += 1
    memory.sweeps += 1
  }
  const clear = () => { memory.counts.fill(0); memory.sweeps = 0; draw() }
  const { toggle } = page.clock(() => { for (let i = 0; i < (still ? 1 : PACE); i++) sweep(); draw() }, still ? 1000 : 1000 / 60)

  const buttons = {
    draw_h: ["Draw h", "h", () => set(memory.v, drawn(table().mean_hidden[memory.v]))],
    draw_v: ["Draw v", "v", () => set(drawn(table().mean_visible[memory.h]), memory.h)],
    sweep: ["Sweep", "", () => { sweep(); draw() }],
    play: ["Play", "", toggle],
    clear: ["Clear", "", clear],
    check: ["Check", "", () => send("check", `${memory.v}|${memory.h}`)],
    race: ["Race", "", () => runRace()],
  }
  page.buttons(data.controls.map((name) => [name, ...buttons[name]]))
  page.axes(data.axes, memory.picks, (axis, pick) => { memory.picks[axis] = pick; clear() })

  const runRace = () => {
    const runners = data.race.map((at) => data.tables[at])
    const lines = runners.map((one, i) => ({ values: race(one, memory.v), kind: `k${i}` }))
    const ends = lines.map(({ values }, i) => `${data.race_names[i]} ${(100 * values[RACE - 1]).toFixed(0)} %`)
    find(".curves").setAttribute("viewBox", "0 0 500 100")
    drawCurves(find(".curves"), { lines, low: 0, high: 1, here: null, title: `How far a chain is off, mean of ${RUNNERS} chains`, ticks: [0, 0.5, 1], last: RACE, unit: "sweeps" })
    find(".legend").replaceChildren(...ends.map((text, i) => html("span", { class: `k${i}` }, [text])))
  }

  if (page.changed(["mode", "view", "world"])) {
    buildNetwork(find(".network"), { clickable: true, flip: (layer, i) => (layer === "v" ? set(memory.v ^ (8 >> i), memory.h) : set(memory.v, memory.h ^ (4 >> i))) })
    const pick = (state) => set(state, memory.h)
    pick.clickable = true
    buildBars(find(".bars"), { world: data.world, pick })
  }
  if (data.race && !memory.raced) { memory.raced = true; runRace() }
  draw()
}

const minus = (text) => text.replaceAll("-", "−")

function arithmetic(now, v, h, chance) {
  const lit = now.weights.flatMap((row, i) => row.filter((_, j) => bit(v, i, 4) && bit(h, j, 3)))
  const biases = [...now.visible_bias.filter((_, i) => bit(v, i, 4)), ...now.hidden_bias.filter((_, j) => bit(h, j, 3))]
  const listed = (values) => (values.length ? values.map((x, i) => (i ? ` ${x < 0 ? "−" : "+"} ${Math.abs(x).toFixed(1)}` : minus(x.toFixed(1)))).join("") : "none")
  const energy = now.energy[v][h]
  const first = `Lit wires: ${listed(lit)}.  Biases of lit units: ${listed(biases)}.  E = minus their sum = ${minus(energy.toFixed(2))}.`
  if (!chance) return first
  const heat = now.temperature === 1 ? "" : ` / ${now.temperature}`
  const number = (x) => (x >= 1e5 || x < 0.0001 ? minus(x.toExponential(1)) : x >= 100 ? Math.round(x).toLocaleString("en") : x.toPrecision(3))
  const joint = `p(v, h) = e^(−E${heat}) / Z = ${number(now.factor[v][h])} / ${number(now.z)} = ${(100 * now.joint[v][h]).toPrecision(2)} %`
  return `E = ${minus(energy.toFixed(2))}.  ${joint}.  The column adds up to p(v) = ${(100 * now.p_visible[v]).toPrecision(2)} %, so F(v) = ${minus(now.free_energy[v].toFixed(2))}.`
}
