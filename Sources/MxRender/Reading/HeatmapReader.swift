/// Colours and axes of heatmaps: `options`, or before schemaVersion 36 the panel itself.
enum HeatmapReader {
  static func options(_ scope: Scope) -> HeatmapOptions {
    var heatmap = HeatmapOptions()
    heatmap.calculates = scope.bool("calculate") ?? (scope.string("dataFormat") == "timeseries")
    if let color = scope["color"] { read(color, into: &heatmap) }
    if let axis = scope["yAxis"] {
      heatmap.unit = axis.nonEmpty("unit") ?? axis.nonEmpty("format")
      heatmap.decimals = axis.int("decimals", in: 0...15)
      heatmap.hasLowestOnTop = axis.bool("reverse") ?? false
    }
    heatmap.hasLowestOnTop = heatmap.hasLowestOnTop || scope.bool("reverseYBuckets") == true
    heatmap.cellUnit = scope["cellValues"]?.nonEmpty("unit")
    heatmap.cellDecimals = scope["cellValues"]?.int("decimals", in: 0...15)
    heatmap.showsScale = scope["legend"]?.bool("show") ?? true
    return heatmap
  }

  private static func read(_ color: Scope, into heatmap: inout HeatmapOptions) {
    heatmap.isReversed = color.bool("reverse") ?? false
    if color.string("mode") == "opacity" {
      heatmap.fill = color.nonEmpty("fill") ?? color.nonEmpty("cardColor")
    } else if let name = color.nonEmpty("scheme") ?? color.nonEmpty("colorScheme") {
      // `interpolateOranges` is how older panels say it.
      let short = name.hasPrefix("interpolate") ? String(name.dropFirst(11)) : name
      if HeatPalette.isKnown(short) {
        heatmap.scheme = short
      } else {
        color.report(.note, "colours '\(name)' are not known: shades of one are drawn")
      }
    }
    if color.string("scale") == "linear" || color.string("colorScale") == "linear" {
      heatmap.exponent = 1
    } else if let exponent = color.double("exponent") {
      heatmap.exponent = exponent.clamped(to: 0.01...10)
    }
    heatmap.low = color.double("min")
    heatmap.high = color.double("max")
  }
}
