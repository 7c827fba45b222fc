"use strict";
(async () => {
  const { table, centres } = JSON.parse(document.getElementById("structures-data").textContent);
  const element = (id) => document.getElementById(id);
  const canvas = element("canvas");
  const items = new Map([...document.querySelectorAll("#structures li")].map((item) => [Number(item.dataset.index), item]));
  const say = (text, colour, place) => {
    element("location").textContent = text;
    element("swatch").style.background = colour || "transparent";
    element("position").textContent = place || "";
  };
  if (!document.createElement("canvas").getContext("webgl2")) {
    canvas.parentElement.innerHTML = "<p>This browser has no WebGL 2. The slices below show the segmentation.</p>";
    say("");
    return;
  }

  const volume = (id, name, options) =>
    niivue.NVImage.loadFromBase64({ base64: element(id).textContent.trim(), name, ...options });
  const viewer = new niivue.Niivue({
    logLevel: "error",
    isRadiologicalConvention: true,
    sagittalNoseLeft: true,
    dragAndDropEnabled: false,
    scrollRequiresFocus: true,
    multiplanarShowRender: 1,
    multiplanarPadPixels: 4,
    multiplanarLayout: 2,
    crosshairColor: [0.5, 0.56, 0.62, 1],
    crosshairGap: 8,
    showAllOrientationMarkers: true,
    fontColor: [0.85, 0.85, 0.85, 1],
    fontMinPx: 11,
    viewModeHotKey: "",
    clipPlaneHotKey: "",
    cycleClipPlaneHotKey: "",
  });
  viewer.onLocationChange = ({ mm, values }) => {
    const index = Math.round(values[1].value);
    const directions = [["L", "R"], ["P", "A"], ["I", "S"]];
    const place = directions.map(([minus, plus], axis) => `${mm[axis] < 0 ? minus : plus} ${Math.abs(mm[axis]).toFixed(0)}`);
    say(index ? table.labels[index] : "no structure", index && `rgb(${table.R[index]}, ${table.G[index]}, ${table.B[index]})`, place.join("  ") + " mm");
    items.forEach((item, number) => item.classList.toggle("here", number === index));
  };
  await viewer.attachToCanvas(canvas);
  const scan = await volume("scan-data", "scan.nii.gz", { colormap: "gray", cal_min: 0, cal_max: 255 });
  const labels = await volume("labels-data", "labels.nii.gz", { opacity: element("opacity").value / 100 });
  labels.setColormapLabel(table);
  viewer.addVolume(scan);
  viewer.addVolume(labels);

  const moveTo = (mm) => {
    viewer.scene.crosshairPos = viewer.mm2frac(mm);
    viewer.drawScene();
    viewer.createOnLocationChange();
  };
  const showChosen = () => {
    items.forEach((item, index) => { table.A[index] = item.querySelector("input").checked ? 255 : 0; });
    labels.setColormapLabel(table);
    viewer.updateGLVolume();
  };
  items.forEach((item, index) => {
    item.querySelector("input").addEventListener("change", showChosen);
    item.querySelector("button").addEventListener("click", () => moveTo(centres[index]));
  });
  for (const [id, checked] of [["all", true], ["none", false]]) {
    element(id).addEventListener("click", () => {
      items.forEach((item) => { item.querySelector("input").checked = checked; });
      showChosen();
    });
  }
  element("opacity").addEventListener("input", (event) => viewer.setOpacity(1, event.target.value / 100));
  const views = [...document.querySelectorAll("[data-view]")];
  views.forEach((button) => button.addEventListener("click", () => {
    viewer.setSliceType(Number(button.dataset.view));
    views.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  }));
  moveTo(viewer.frac2mm([0.5, 0.5, 0.5]).slice(0, 3));
})();
