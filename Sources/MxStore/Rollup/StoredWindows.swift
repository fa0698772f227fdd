/// The windows of one series as files have them: where each column lies, in pages that
/// stay meanwhile. What they say is made of them without copying them before.
struct StoredWindows {
  let count: Int
  private var columns = InlineArray<14, UnsafePointer<Double>?>(repeating: nil)

  init(count: Int) { self.count = count }

  subscript(column: WindowColumn) -> UnsafePointer<Double>? {
    get { columns[Int(column.rawValue)] }
    set { columns[Int(column.rawValue)] = newValue }
  }

  /// Some of them.
  func part(_ rows: Range<Int>) -> StoredWindows {
    var part = StoredWindows(count: rows.count)
    for column in WindowColumn.allCases {
      part[column] = self[column].map { $0 + rows.lowerBound }
    }
    return part
  }

  func buffer(_ column: WindowColumn) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: self[column], count: self[column] == nil ? 0 : count)
  }

  /// Writes the sums and tails of all windows to `sums` and `tails`.
  func decodeSums(_ sums: UnsafeMutablePointer<Double>, _ tails: UnsafeMutablePointer<Double>) {
    guard let told = ToldSums(self), let forms = self[.form] else { return }
    eachForm(forms) { rows, form in
      if let power = WindowCoder.power(form) {
        return told.decode(rows, power, sums, tails)
      }
      for row in rows {
        (sums[row], tails[row]) = (told.sums[row], told.tails[row])
        var extrema = (0.0, 0.0)
        EarlierCoding.decode(
          form, count: told.counts[row], first: told.firsts[row], last: told.lasts[row],
          &extrema.0, &extrema.1, &sums[row], &tails[row])
      }
    }
  }

  /// The same for extrema.
  func decodeExtrema(
    _ minima: UnsafeMutablePointer<Double>, _ maxima: UnsafeMutablePointer<Double>
  ) {
    guard let counts = self[.count], let firsts = self[.first], let lasts = self[.last],
      let below = self[.minimum], let above = self[.maximum], let forms = self[.form]
    else { return }
    eachForm(forms) { rows, form in
      let power = WindowCoder.power(form)
      for row in rows {
        (minima[row], maxima[row]) = (below[row], above[row])
        if let power {
          WindowCoder.decodeExtrema(
            power, first: firsts[row], last: lasts[row], &minima[row], &maxima[row])
          continue
        }
        var total = (0.0, 0.0)
        EarlierCoding.decode(
          form, count: counts[row], first: firsts[row], last: lasts[row], &minima[row],
          &maxima[row], &total.0, &total.1)
      }
    }
  }

  /// A series' windows mostly have one form.
  private func eachForm(
    _ forms: UnsafePointer<Double>, _ body: (_ rows: Range<Int>, _ form: Double) -> Void
  ) {
    var row = 0
    while row < count {
      let form = forms[row]
      var next = row + 1
      while next < count, forms[next] == form { next += 1 }
      body(row..<next, form)
      row = next
    }
  }
}

/// Where the columns lie that tell sums.
struct ToldSums {
  let counts: UnsafePointer<Double>
  let firsts: UnsafePointer<Double>
  let lasts: UnsafePointer<Double>
  /// Column 1.
  let inner: UnsafePointer<Double>
  let sums: UnsafePointer<Double>
  let tails: UnsafePointer<Double>

  init?(_ stored: StoredWindows) {
    guard let counts = stored[.count], let firsts = stored[.first], let lasts = stored[.last],
      let inner = stored[.minimum], let sums = stored[.sum], let tails = stored[.tail]
    else { return nil }
    self.counts = counts
    self.firsts = firsts
    self.lasts = lasts
    self.inner = inner
    self.sums = sums
    self.tails = tails
  }

  /// Two windows at once, and an odd one twice. The targets may be the columns themselves.
  func decode(
    _ rows: Range<Int>, _ power: Double, _ sums: UnsafeMutablePointer<Double>,
    _ tails: UnsafeMutablePointer<Double>
  ) {
    var row = rows.lowerBound
    while row &+ 1 < rows.upperBound {
      @inline(__always)
      func both(_ column: UnsafePointer<Double>) -> SIMD2<Double> {
        UnsafeRawPointer(column + row).loadUnaligned(as: SIMD2<Double>.self)
      }
      let told = WholeSums(
        power, counts: both(counts), firsts: both(firsts), lasts: both(lasts),
        inner: both(inner))
      let total = told.total(both(self.sums), tail: both(self.tails))
      UnsafeMutableRawPointer(sums + row).storeBytes(of: total.sum, as: SIMD2<Double>.self)
      UnsafeMutableRawPointer(tails + row).storeBytes(of: total.tail, as: SIMD2<Double>.self)
      row &+= 2
    }
    if row == rows.upperBound { return }
    let told = WholeSums(
      power, count: counts[row], first: firsts[row], last: lasts[row], inner: inner[row])
    let total = told.total(
      SIMD2(repeating: self.sums[row]), tail: SIMD2(repeating: self.tails[row]))
    (sums[row], tails[row]) = (total.sum[0], total.tail[0])
  }
}
