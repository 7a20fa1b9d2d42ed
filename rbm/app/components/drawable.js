// The tools of a streamlit-drawable-canvas. Its own bar shows only under a mouse, so it is hidden and pressed from here.
const SETTLED = 900 // milliseconds without a stroke until the drawing counts as done
const LIVE = 150 // milliseconds between two messages while a stroke is moved
const BAR = { undo: "Undo", redo: "Redo", move: "Edit", remove: "Delete selected", send: "Update the app with this drawing" }
const HIDE = ".dc-toolbar { display: none !important } canvas { border-radius: 0.5rem; touch-action: none }"
const rows = new WeakMap()

function shadowOf(key) {
  const hosts = [...document.querySelectorAll(`.st-key-${key} *`)]
  return hosts.map((host) => host.shadowRoot).find((root) => root?.querySelector(".dc-toolbar"))
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector)
  let row = rows.get(parentElement)
  if (!row) {
    row = { tool: data.tool, timer: null, sent: 0, dragging: false, off: () => {} }
    rows.set(parentElement, row)
  }
  row.off() // what the last call listens to
  const bar = (name) => shadowOf(data.canvas)?.querySelector(`[aria-label="${BAR[name]}"]`)
  const moving = () => bar("move")?.getAttribute("aria-pressed") === "true"

  const show = () => {
    for (const button of parentElement.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === row.tool))
    }
    find(".undo").disabled = (bar("undo")?.disabled ?? true) && !data.restorable
    find(".redo").disabled = bar("redo")?.disabled ?? true
    find(".clear").disabled = data.empty && (bar("undo")?.disabled ?? true)
  }
  const settle = () => {
    clearTimeout(row.timer)
    row.timer = setTimeout(() => setTriggerValue("act", "settled"), SETTLED)
  }
  const press = (name) => {
    const button = bar(name)
    if (!button || button.disabled) return false
    button.click()
    settle()
    return true
  }
  const undo = () => press("undo") || (data.restorable && setTriggerValue("act", "restore"))
  const letGo = () => { // of a stroke that is selected: by a click on nothing, far outside
    const nowhere = { bubbles: true, button: 0, clientX: -9999, clientY: -9999 }
    shadowOf(data.canvas)?.querySelector(".upper-canvas")?.dispatchEvent(new MouseEvent("mousedown", nowhere))
    document.dispatchEvent(new MouseEvent("mouseup", nowhere))
  }
  const choose = (tool) => {
    row.tool = tool
    if (tool !== "move" && moving()) letGo()
    if (moving() !== (tool === "move")) bar("move")?.click()
    if (tool !== "move") setStateValue("tool", tool)
    show()
  }
  for (const button of parentElement.querySelectorAll("[data-tool]")) button.onclick = () => choose(button.dataset.tool)
  find(".undo").onclick = undo
  find(".redo").onclick = () => press("redo")
  find(".fix").onclick = () => {
    clearTimeout(row.timer)
    bar("send")?.click() // a stroke of the last fifth of a second is not lost
    setTriggerValue("act", "fix")
  }
  find(".clear").onclick = () => {
    clearTimeout(row.timer)
    setTriggerValue("act", "clear")
  }

  const keys = (event) => {
    const typing = event.composedPath()[0]?.closest?.("input, textarea, [contenteditable]")
    const key = event.key.toLowerCase()
    if (typing) return
    if ((event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey) undo()
    else if ((event.ctrlKey || event.metaKey) && (key === "y" || key === "z")) press("redo")
    else if (row.tool === "move" && (key === "delete" || key === "backspace")) press("remove")
    else return
    event.preventDefault()
  }
  const inside = (event) => event.composedPath().includes(shadowOf(data.canvas))
  const down = (event) => {
    if (!inside(event)) return
    row.dragging = true
    clearTimeout(row.timer)
  }
  const drag = () => { // the canvas itself speaks only when a stroke is let go
    if (!row.dragging || row.tool !== "move" || performance.now() - row.sent < LIVE) return
    row.sent = performance.now()
    bar("send")?.click()
  }
  const up = () => {
    if (!row.dragging) return
    row.dragging = false
    settle()
  }
  const heard = { keydown: keys, pointerdown: down, pointermove: drag, pointerup: up, pointercancel: up }
  for (const [name, listener] of Object.entries(heard)) document.addEventListener(name, listener, true)

  const watcher = new MutationObserver(show)
  let waiting = null
  const link = () => {
    const root = shadowOf(data.canvas)
    if (!root) {
      waiting = setTimeout(link, 50)
      return
    }
    if (!root.querySelector("style.tools")) {
      const style = document.createElement("style")
      style.className = "tools"
      style.textContent = HIDE
      root.append(style)
    }
    watcher.observe(root.querySelector(".dc-toolbar"), { subtree: true, attributes: true })
    if (moving() !== (row.tool === "move")) bar("move").click()
    show()
  }
  link()
  show()
  row.off = () => {
    clearTimeout(waiting)
    watcher.disconnect()
    for (const [name, listener] of Object.entries(heard)) document.removeEventListener(name, listener, true)
  }
  return () => {
    clearTimeout(row.timer)
    row.off()
  }
}
