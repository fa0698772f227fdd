/// A picture of dots in a terminal: each sign of text is two dots wide and four high.
///
/// Every sign remembers who drew its dots last, for colours.
struct BrailleCanvas {
  let columns: Int
  let rows: Int
  private var dots: [UInt8]
  private var owners: [Int]

  /// Dot (column, row) of a sign -> its bit in U+2800….
  private static let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    dots = [UInt8](repeating: 0, count: columns * rows)
    owners = [Int](repeating: 0, count: columns * rows)
  }

  /// Dots from the top left; what lies outside is not drawn.
  mutating func set(_ x: Int, _ y: Int, owner: Int) {
    guard x >= 0, y >= 0, x < columns * 2, y < rows * 4 else { return }
    let cell = y / 4 * columns + x / 2
    dots[cell] |= Self.bits[x % 2][y % 4]
    owners[cell] = owner
  }

  /// Bresenham's line, both ends included.
  mutating func line(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int), owner: Int) {
    let across = abs(to.x - from.x)
    let down = -abs(to.y - from.y)
    var (x, y, error) = (from.x, from.y, across + down)
    while true {
      set(x, y, owner: owner)
      if x == to.x && y == to.y { return }
      let twice = 2 * error
      if twice >= down {
        error += down
        x += from.x < to.x ? 1 : -1
      }
      if twice <= across {
        error += across
        y += from.y < to.y ? 1 : -1
      }
    }
  }

  /// One row as runs of signs of one owner; blanks belong to nobody.
  func runs(_ row: Int) -> [(owner: Int?, text: String)] {
    var runs: [(owner: Int?, text: String)] = []
    for column in 0..<columns {
      let cell = row * columns + column
      let owner = dots[cell] == 0 ? nil : owners[cell]
      let sign =
        dots[cell] == 0
        ? " " : String(Unicode.Scalar(0x2800 + UInt32(dots[cell])).map(Character.init) ?? " ")
      if let last = runs.indices.last, runs[last].owner == owner {
        runs[last].text += sign
      } else {
        runs.append((owner, sign))
      }
    }
    return runs
  }
}
