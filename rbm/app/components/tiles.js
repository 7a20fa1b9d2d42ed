// A mosaic whose tiles are chosen by pointer or arrow keys. The server is told which one was chosen, nothing else.
const boards = new WeakMap()
const REST = 150 // milliseconds after the last arrow key

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector)
  let board = boards.get(parentElement)
  if (!board) boards.set(parentElement, (board = { place: 0, timer: null }))
  const { tiling, ids, names } = data
  const element = find(".board")
  const columns = Math.min(tiling.columns, tiling.tiles)
  const rows = Math.ceil(tiling.tiles / columns)
  const wide = columns * (tiling.width + tiling.gap) + tiling.gap
  const high = rows * (tiling.height + tiling.gap) + tiling.gap

  const lay = (ring, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns]
    ring.style.left = `${(100 * (tiling.gap + column * (tiling.width + tiling.gap))) / wide}%`
    ring.style.top = `${(100 * (tiling.gap + row * (tiling.height + tiling.gap))) / high}%`
    ring.style.width = `${(100 * tiling.width) / wide}%`
    ring.style.height = `${(100 * tiling.height) / high}%`
  }
  const name = (place) => {
    const [row, column] = [Math.floor(place / columns), place % columns]
    const words = find(".name")
    words.textContent = names[place]
    words.style.left = `clamp(3rem, ${(100 * (column + 0.5)) / columns}%, calc(100% - 3rem))`
    words.style.top = `${(100 * (row === 0 ? 1 : row)) / rows}%`
    words.classList.toggle("below", row === 0)
    words.hidden = false
  }
  const quiet = () => { find(".over").hidden = find(".name").hidden = true }
  const show = (place) => { // the tile that is chosen
    board.place = place
    lay(find(".chosen"), place)
    element.dataset.chosen = String(ids[place])
    element.setAttribute("aria-valuenow", String(place + 1))
    element.setAttribute("aria-valuetext", names[place])
  }
  const tell = () => {
    clearTimeout(board.timer)
    board.timer = null
    setStateValue("chosen", { id: ids[board.place], at: Date.now() })
  }
  const under = (event) => {
    const box = element.getBoundingClientRect()
    const across = ((event.clientX - box.left) / box.width) * wide - tiling.gap / 2
    const down = ((event.clientY - box.top) / box.height) * high - tiling.gap / 2
    const column = Math.floor(across / (tiling.width + tiling.gap))
    const row = Math.floor(down / (tiling.height + tiling.gap))
    const place = row * columns + column
    return column < 0 || column >= columns || row < 0 || place >= tiling.tiles ? null : place
  }

  element.onpointermove = (event) => {
    const place = under(event)
    if (place === null) return quiet()
    lay(find(".over"), place)
    find(".over").hidden = false
    name(place)
  }
  element.onpointerdown = element.onpointermove
  element.onpointerleave = element.onpointercancel = quiet
  element.onclick = (event) => {
    const place = under(event)
    if (place === null) return
    show(place)
    tell()
  }
  element.onkeydown = (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -tiling.tiles, End: tiling.tiles }
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const wanted = board.place + steps[event.key]
    const place = Math.abs(steps[event.key]) === columns && (wanted < 0 || wanted >= tiling.tiles)
      ? board.place : Math.max(0, Math.min(tiling.tiles - 1, wanted)) // up and down stay within their column
    show(place)
    find(".over").hidden = true
    name(place)
    clearTimeout(board.timer)
    board.timer = setTimeout(tell, REST)
  }
  element.onblur = quiet

  const image = find("img")
  const sharpen = () => { image.style.imageRendering = image.clientWidth < image.naturalWidth ? "auto" : "pixelated" } // or lines drop out
  image.onload = sharpen
  const sizes = new ResizeObserver(sharpen)
  sizes.observe(image)
  if (image.src !== data.picture) image.src = data.picture
  image.alt = data.alt
  element.style.maxWidth = data.width ? `${data.width}px` : ""
  element.classList.toggle("dark", data.dark)
  element.setAttribute("aria-label", `${data.label}. Arrow keys choose.`)
  element.setAttribute("aria-valuemax", String(tiling.tiles))
  if (board.timer === null) show(Math.max(0, ids.indexOf(data.chosen))) // unless the keys are ahead of the server
  return () => { clearTimeout(board.timer); sizes.disconnect() }
}
