// Plays the frames of one sprite sheet. Nothing is sent to the server.
const players = new WeakMap()
const films = (window.rbmFilms ??= new Map()) // by their names: where the chains of each are, for who follows it

export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector)
  let player = players.get(parentElement)
  if (!player) {
    player = { frame: 0, timer: null, image: null, sprite: null, data: null, sides: [] }
    players.set(parentElement, player)
    find(".speed").value = String(data.speed)
  }
  player.data = data
  player.marks = data.marks === null ? null : Uint8Array.from(atob(data.marks), (letter) => letter.charCodeAt(0))
  const canvas = find("canvas.film")
  const seek = find(".seek")
  const last = data.captions.length - 1
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches

  const speed = () => (data.endless ? data.speed : Number(find(".speed").value))

  const draw = () => {
    if (!player.image) return
    const { columns, width, height, captions } = player.data
    const context = canvas.getContext("2d")
    const x = (player.frame % columns) * width
    const y = Math.floor(player.frame / columns) * height
    context.imageSmoothingEnabled = false
    context.drawImage(player.image, x, y, width, height, 0, 0, width, height)
    seek.value = String(player.frame)
    find(".caption").textContent = captions[player.frame]
    const digits = player.data.labels[player.frame] ?? ""
    find(".labels").querySelectorAll("span").forEach((span, i) => { span.textContent = digits[i] ?? "" })
    drawSides()
    canvas.dataset.frame = String(player.frame)
    tell()
  }
  const tell = () => { // a thermometer that follows this film where its chains are
    const { name, captions } = player.data
    if (!player.marks) return
    const n = player.marks.length / captions.length
    films.set(name, { marks: player.marks.subarray(player.frame * n, (player.frame + 1) * n) })
    window.dispatchEvent(new CustomEvent("rbm-frame", { detail: name }))
  }
  const drawSides = () => {
    for (const { side, screen, image } of player.sides) {
      if (!image) continue
      const at = Math.min(player.frame, side.frames - 1)
      const [x, y] = [(at % side.columns) * side.width, Math.floor(at / side.columns) * side.height]
      const context = screen.getContext("2d")
      context.imageSmoothingEnabled = false
      context.drawImage(image, x, y, side.width, side.height, 0, 0, side.width, side.height)
    }
  }
  const show = (frame) => {
    player.frame = Math.max(0, Math.min(last, frame))
    draw()
  }
  const pause = () => {
    cancelAnimationFrame(player.timer)
    player.timer = null
    find(".play").textContent = "Play"
  }
  const play = () => {
    if (player.frame >= last) player.frame = data.endless ? 0 : -1
    pause()
    find(".play").textContent = "Pause"
    const [begin, from] = [performance.now(), player.frame]
    const tick = (now) => {
      const due = from + Math.floor(((now - begin) * speed()) / 1000) // by the clock, however slow the screen
      if (data.endless) {
        const turn = last - data.loop // frames from the one to which it comes back to the last
        const beyond = (due - data.loop) % (2 * turn)
        const frame = due <= last ? due : data.loop + (beyond > turn ? 2 * turn - beyond : beyond) // and back: a Gibbs chain has no arrow of time
        if (frame !== player.frame) show(frame)
      } else if (due > player.frame) show(due)
      if (!data.endless && player.frame >= last) return pause()
      player.timer = requestAnimationFrame(tick)
    }
    player.timer = requestAnimationFrame(tick)
  }

  const make = (tag, ...inside) => {
    const element = document.createElement(tag)
    element.append(...inside)
    return element
  }
  const shownSide = (side) => {
    const [screen, image] = [make("canvas"), new Image()]
    Object.assign(screen, { width: side.width, height: side.height })
    screen.setAttribute("role", "img")
    screen.setAttribute("aria-label", side.alt)
    screen.classList.toggle("turned", side.signed && data.dark)
    if (side.scale) screen.style.width = `${side.scale * side.width}px`
    const shown = { side, screen, image: null }
    image.onload = async () => {
      shown.image = await createImageBitmap(image)
      if (player.sides.includes(shown)) drawSides()
    }
    image.src = side.sprite
    return shown
  }
  const showSides = () => {
    player.sides = data.sides.map(shownSide)
    find(".sides").replaceChildren(...player.sides.map(({ side, screen }) => {
      const words = side.title ? [make("figcaption", make("strong", side.title), side.text)] : []
      return make("figure", screen, ...words)
    }))
  }

  find(".play").onclick = () => (player.timer ? pause() : play())
  find(".next").onclick = () => { pause(); show(player.frame + 1) }
  find(".back").onclick = () => { pause(); show(player.frame - 1) }
  find(".speed").onchange = () => { if (player.timer) play() }
  seek.oninput = () => { pause(); show(Number(seek.value)) }

  if (player.sprite !== data.sprite) {
    player.sprite = data.sprite
    canvas.width = data.width
    canvas.height = data.height
    canvas.setAttribute("aria-label", data.alt)
    const labels = find(".labels")
    labels.style.gridTemplate = `repeat(${data.grid[0]}, 1fr) / repeat(${data.grid[1]}, 1fr)`
    labels.replaceChildren(...[...(data.labels[0] ?? "")].map(() => document.createElement("span")))
    seek.max = String(last)
    find(".player").classList.toggle("endless", data.endless)
    pause()
    player.frame = still ? data.loop : 0
    const image = new Image()
    image.onload = async () => {
      const decoded = await createImageBitmap(image) // once, not at every frame
      if (player.sprite !== data.sprite) return
      player.image = decoded
      draw()
      if (!still && last > 0) play()
    }
    image.src = data.sprite
    find(".player").classList.toggle("both", data.sides.length > 0)
    find(".sides").hidden = !data.sides.length
    showSides()
  } else if (player.image) tell()
  if (data.attend) requestAnimationFrame(() => canvas.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" }))
  return () => {
    cancelAnimationFrame(player.timer)
    if (films.delete(data.name)) window.dispatchEvent(new CustomEvent("rbm-frame", { detail: data.name }))
  }
}
