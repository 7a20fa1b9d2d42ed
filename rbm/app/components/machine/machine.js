// The component: what it remembers, its buttons and its clock. See the files before this one for what it draws.
const pages = new WeakMap()
const MODES = { tables: tablesMode, update: updateMode, film: filmMode }

function pageOf(parentElement, data) {
  let page = pages.get(parentElement)
  if (!page || page.chapter !== data.chapter) {
    page?.halt()
    page = { chapter: data.chapter, memory: {}, built: {}, timer: null }
    pages.set(parentElement, page)
  }
  const find = (selector) => parentElement.querySelector(selector)
  page.find = find
  page.halt = () => { cancelAnimationFrame(page.timer); page.timer = null }
  page.running = () => page.timer !== null
  page.changed = (names) => {
    const now = JSON.stringify(names.map((name) => data[name]))
    const old = page.built.data
    page.built.data = now
    return old !== now
  }
  /** Calls `beat` every `pace` milliseconds while it runs. */
  page.clock = (beat, pace) => {
    page.beat = beat // after a rerun the clock goes on with what is new
    const label = () => {
      const button = find(".b-play")
      if (button) button.textContent = page.running() ? "Pause" : "Play"
      find(".machine").dataset.playing = String(page.running())
    }
    const stop = () => { page.halt(); label() }
    const start = () => {
      let last = performance.now()
      const tick = (now) => {
        page.timer = requestAnimationFrame(tick)
        if (now - last < pace) return
        last = now
        page.beat()
      }
      page.timer = requestAnimationFrame(tick)
      label()
    }
    label()
    return { stop, toggle: () => (page.running() ? stop() : start()) }
  }
  page.buttons = (wanted) => {
    const names = wanted.map(([name]) => name).join()
    if (find(".buttons").dataset.names !== names) {
      find(".buttons").dataset.names = names
      find(".buttons").replaceChildren(...wanted.map(([name, text]) => html("button", { type: "button", class: `b-${name}` }, [text])))
    }
    wanted.forEach(([name, , about, act]) => {
      const button = find(`.b-${name}`)
      button.onclick = act
      if (about) {
        button.onpointerenter = button.onfocus = () => { find(".machine").dataset.about = about }
        button.onpointerleave = button.onblur = () => { find(".machine").dataset.about = "" }
      }
    })
  }
  page.axes = (axes, picks, choose) => {
    const names = JSON.stringify(axes)
    if (find(".axes").dataset.names !== names) {
      find(".axes").dataset.names = names
      find(".axes").replaceChildren(...axes.map((axis, i) => html("div", { class: "axis", role: "group", "aria-label": axis.name }, [
        html("span", {}, [axis.name]), ...axis.labels.map((label, at) => html("button", { type: "button", class: `a${i}${at}` }, [label])),
      ])))
    }
    axes.forEach((axis, i) => axis.labels.forEach((_, at) => {
      const button = find(`.a${i}${at}`)
      const mark = () => axis.labels.forEach((_, k) => find(`.a${i}${k}`).setAttribute("aria-pressed", String(picks[i] === k)))
      button.onclick = () => { choose(i, at); mark() }
      mark()
    }))
  }
  page.seek = (last, go) => {
    const slider = find(".seek")
    slider.max = String(last)
    slider.oninput = () => go(Number(slider.value))
  }
  page.at = (frame, text) => {
    find(".seek").value = String(frame)
    find(".seek").setAttribute("aria-valuetext", text)
  }
  return page
}

export default function ({ data, parentElement, setTriggerValue }) {
  const page = pageOf(parentElement, data)
  const root = page.find(".machine")
  root.dataset.view = data.view
  root.setAttribute("aria-label", data.alt)
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches
  MODES[data.mode](page, data, { still, send: setTriggerValue })
  root.dataset.ready = data.chapter
  return page.halt
}
