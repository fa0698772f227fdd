import MxJSON
package import MxModel

/// JSON objects one a line; the shapes are those of `JSONSamples`.
///
/// A line that is wrong is a problem, the others get in. Flat lines of the two
/// shapes that programs stream go a quick way: the text of their labels is
/// hashed, and only the numbers are parsed. Whatever the quick way does not
/// expect it leaves to the long one.
package struct NDJSONText {
  private(set) var line = 0
  private var samples: JSONSamples
  private var quick: QuickJSON

  package init(_ options: FormatOptions) {
    samples = JSONSamples(options)
    quick = QuickJSON(options)
  }

  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, final: Bool, into batch: inout SampleBatch,
    problems: inout Problems
  ) throws(FormatError) -> Int {
    var start = 0
    defer { samples.tell(&batch.metadata) }
    while start < bytes.count {
      guard let end = bytes.offset(of: Byte.newline, from: start) ?? (final ? bytes.count : nil)
      else { return start }
      line += 1
      batch.lines.mark(line: line, row: batch.count)
      let text = bytes.part(start..<end)
      do throws(LineFault) {
        if !quick.take(text, into: &batch), !Self.isBlank(text) {
          try samples.take(text, into: &batch, &problems)
          if let ref = samples.onlySeries { quick.learn(text, ref) }
        }
      } catch {
        problems.add(error.problem(line: line, text))
      }
      start = end &+ 1
    }
    return min(start, bytes.count)
  }

  private static func isBlank(_ text: UnsafeRawBufferPointer) -> Bool {
    text.allSatisfy { Byte.isBlank($0) || $0 == Byte.carriageReturn }
  }
}

/// A JSON text of one or more objects, or arrays of them, over any lines.
///
/// A container: where it is no JSON none of it is used. An object that is JSON
/// but not of a shape we know is a problem of its own.
package struct JSONBody {
  private var samples: JSONSamples

  package init(_ options: FormatOptions) { samples = JSONSamples(options) }

  /// Decodes the whole text.
  package mutating func read(
    _ bytes: UnsafeRawBufferPointer, into batch: inout SampleBatch, problems: inout Problems
  ) throws(FormatError) {
    var tokenizer = JSONTokenizer(bytes, manyValues: true)
    defer { samples.tell(&batch.metadata) }
    do throws(JSONError) {
      while true {
        let token = try tokenizer.next()
        switch token.kind {
        case .end: return
        // The array around the objects: its elements come up one by one.
        case .beginArray where tokenizer.depth == 1: continue
        case .endArray where tokenizer.depth == 0: continue
        default: break
        }
        let line = tokenizer.line
        let column = token.start - tokenizer.lineStart + 1
        try tokenizer.skipRest(of: token)
        let item = bytes.part(token.start..<tokenizer.offset)
        guard token.kind == .beginObject else {
          problems.add(
            Problem(line: line, column: column, what: "no object", expected: "objects with samples")
          )
          continue
        }
        do throws(LineFault) {
          try samples.take(item, into: &batch, &problems)
        } catch {
          problems.add(Self.problem(error, item, line: line, column: column))
        }
      }
    } catch {
      throw .refused(
        Problem(line: error.position.line, column: error.position.column, what: error.message))
    }
  }

  /// The place in the body of a fault inside the item that stands at `line` and `column`.
  static func problem(
    _ fault: LineFault, _ item: UnsafeRawBufferPointer, line: Int, column: Int
  ) -> Problem {
    let before = item.prefix(min(fault.offset, item.count))
    let lines = before.count { $0 == Byte.newline }
    let behind = before.lastIndex(of: Byte.newline).map { fault.offset - $0 }
    return Problem(
      line: line + lines, column: behind ?? column + fault.offset, what: fault.what,
      expected: fault.expected, text: Array(item.prefix(1 << 16)))
  }
}
