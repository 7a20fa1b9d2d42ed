// A drawing of gray ink and a mask, one byte and one bit a pixel. Each stroke ends in one message to the server.
const SETTLED = 900 // milliseconds without a stroke until the drawing counts as done
const MOST_UNDO = 50
const SHIFT = 4 // pixels an arrow key moves the drawing
const TINT = [43, 154, 120] // of the mask
const ARROWS = { ArrowLeft: [-SHIFT, 0], ArrowRight: [SHIFT, 0], ArrowUp: [0, -SHIFT], ArrowDown: [0, SHIFT] }
const boards = new WeakMap()

const brushes = {
  pen: (layers, i, cover) => { layers.ink[i] = Math.max(layers.ink[i], 255 * cover) },
  soft: (layers, i, cover, distance) => { layers.ink[i] = Math.max(layers.ink[i], 255 * Math.exp(-2.5 * distance ** 2)) },
  noise: (layers, i, cover) => { if (cover > 0.5 && Math.random() < 0.25) layers.ink[i] = Math.random() < 0.5 ? 0 : 255 },
  erase: (layers, i, cover) => { layers.ink[i] = Math.min(layers.ink[i], 255 * (1 - cover)) },
  fix: (layers, i, cover) => { if (cover > 0.5) layers.mask[i] = 1 },
  free: (layers, i, cover) => { if (cover > 0.5) layers.mask[i] = 0 },
}

function stamp(board, x, y) {
  const { size, layers, tool } = board
  const radius = board.width / 2
  const reach = Math.ceil(radius * 1.5) + 1
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(size, y + reach); row++) {
    for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(size, x + reach); column++) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y)
      const cover = Math.max(0, Math.min(1, radius + 0.5 - distance))
      if (cover > 0 || tool === "soft") brushes[tool](layers, row * size + column, cover, distance / radius)
    }
  }
}

function line(board, from, to) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])))
  for (let k = 1; k <= steps; k++) {
    stamp(board, from[0] + ((to[0] - from[0]) * k) / steps, from[1] + ((to[1] - from[1]) * k) / steps)
  }
}

function shifted(layer, size, dx, dy) {
  const moved = new Uint8Array(layer.length)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [y, x] = [row - dy, column - dx]
      if (y >= 0 && y < size && x >= 0 && x < size) moved[row * size + column] = layer[y * size + x]
    }
  }
  return moved
}

function encode({ ink, mask }) {
  const bytes = new Uint8Array(ink.length + ink.length / 8)
  bytes.set(ink)
  mask.forEach((bit, i) => { bytes[ink.length + (i >> 3)] |= bit << (7 - (i & 7)) })
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

function decode(letters, size) {
  const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0))
  const ink = bytes.slice(0, size * size)
  return { ink, mask: ink.map((_, i) => (bytes[ink.length + (i >> 3)] >> (7 - (i & 7))) & 1) }
}

function paint(canvas, { size, layers }) {
  const picture = new ImageData(size, size)
  layers.ink.forEach((grey, i) => {
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = layers.mask[i] ? 0.55 * grey + 0.6 * TINT[c] : grey
    picture.data[4 * i + 3] = 255
  })
  canvas.getContext("2d").putImageData(picture, 0, 0)
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector)
  const canvas = find("canvas")
  const tools = [...parentElement.querySelectorAll("[data-tool]")]
  let board = boards.get(parentElement)
  if (!board) {
    board = { tool: null, width: 11, past: [], version: null, timer: null, last: null }
    boards.set(parentElement, board)
  }

  const show = () => {
    const empty = !board.layers.ink.some(Boolean) && !board.layers.mask.some(Boolean)
    paint(canvas, board)
    find(".hint").hidden = !empty
    find(".hint").style.display = empty ? "" : "none"
    find(".undo").disabled = !board.past.length
    find(".clear").disabled = empty
    tools.forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.tool === board.tool))
    })
  }
  const remember = () => {
    const { ink, mask } = board.layers
    board.past = [...board.past.slice(1 - MOST_UNDO), { ink: ink.slice(), mask: mask.slice() }]
    clearTimeout(board.timer)
  }
  const send = () => {
    show()
    clearTimeout(board.timer)
    setStateValue("drawing", { at: Date.now(), letters: encode(board.layers) })
    canvas.dataset.settled = "false"
    board.timer = setTimeout(() => {
      canvas.dataset.settled = "true"
      setTriggerValue("settled", true)
    }, SETTLED)
  }
  const change = (layers) => {
    remember()
    board.layers = layers
    send()
  }
  const clear = () => change({ ink: new Uint8Array(board.size ** 2), mask: new Uint8Array(board.size ** 2) })
  const undo = () => {
    if (!board.past.length) return
    board.layers = board.past.pop()
    send()
  }
  const place = (event) => {
    const box = canvas.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * board.size, ((event.clientY - box.top) / box.height) * board.size]
  }
  const finish = () => {
    if (!board.last) return
    board.last = null
    send()
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || board.last) return
    canvas.setPointerCapture(event.pointerId)
    remember()
    board.pointer = event.pointerId
    board.last = place(event)
    stamp(board, ...board.last)
    show()
  }
  canvas.onpointermove = (event) => {
    if (!board.last || event.pointerId !== board.pointer) return
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
      const here = place(part)
      line(board, board.last, here)
      board.last = here
    }
    show()
  }
  canvas.onpointerup = canvas.onpointercancel = (event) => { if (event.pointerId === board.pointer) finish() }
  canvas.onkeydown = (event) => {
    const arrow = ARROWS[event.key]
    if (arrow) {
      const { ink, mask } = board.layers
      change({ ink: shifted(ink, board.size, ...arrow), mask: shifted(mask, board.size, ...arrow) })
    } else if (event.key === "Delete" || event.key === "Backspace") clear()
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) undo()
    else return
    event.preventDefault()
  }
  tools.forEach((button) => { button.onclick = () => { board.tool = button.dataset.tool; show() } })
  find(".width").oninput = (event) => { board.width = Number(event.target.value) }
  find(".undo").onclick = undo
  find(".clear").onclick = clear

  if (board.version !== data.version) {
    if (board.layers) remember()
    board.version = data.version
    board.size = canvas.width = canvas.height = data.size
    board.layers = decode(data.drawing, data.size)
    canvas.setAttribute("aria-label", data.label)
  }
  board.tool ??= board.layers.ink.some(Boolean) ? "fix" : "pen" // there must be something to fix
  if (!board.last) show()
  return () => clearTimeout(board.timer)
}
