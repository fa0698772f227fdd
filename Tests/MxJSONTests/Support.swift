import Testing

@testable import MxJSON

/// SplitMix64: the same sequence for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// All tokens of a text, with their contents, in a form that is easy to compare.
func tokens(_ text: [UInt8], manyValues: Bool = false) throws(JSONError) -> [String] {
  let result: Result<[String], JSONError> = text.withUnsafeBytes { raw in
    Result { () throws(JSONError) in
      var tokenizer = JSONTokenizer(raw, manyValues: manyValues)
      var out: [String] = []
      while true {
        let token = try tokenizer.next()
        switch token.kind {
        case .beginObject: out.append("{")
        case .endObject: out.append("}")
        case .beginArray: out.append("[")
        case .endArray: out.append("]")
        case .key: out.append(tokenizer.string(token) + ":")
        case .string: out.append("'" + tokenizer.string(token) + "'")
        case .number, .true, .false, .null:
          out.append(String(decoding: tokenizer.raw(token), as: UTF8.self))
        case .end: return out
        }
      }
    }
  }
  return try result.get()
}

func tokens(_ text: String, manyValues: Bool = false) throws(JSONError) -> [String] {
  try tokens(Array(text.utf8), manyValues: manyValues)
}
