/// Every function of PromQL 3.14, in the order of their names.
///
/// The raw value is the index into `FunctionSignature.table`. An evaluator switches
/// over this and never sees a name.
package enum FunctionID: UInt8, Hashable, Sendable, CaseIterable {
  case abs, absent, absentOverTime, acos, acosh, asin, asinh, atan, atanh, avgOverTime, ceil
  case changes, clamp, clampMax, clampMin, cos, cosh, countOverTime, dayOfMonth, dayOfWeek
  case dayOfYear, daysInMonth, deg, delta, deriv, doubleExponentialSmoothing, end, exp
  case firstOverTime, floor, histogramAvg, histogramCount, histogramFraction, histogramQuantile
  case histogramQuantiles, histogramStddev, histogramStdvar, histogramSum, hour, idelta
  case increase, info, irate, labelJoin, labelReplace, lastOverTime, ln, log10, log2
  case madOverTime, maxOf, maxOverTime, minOf, minOverTime, minute, month, pi, predictLinear
  case presentOverTime, quantileOverTime, rad, range, rate, resets, round, scalar, sgn, sin
  case sinh, sort, sortByLabel, sortByLabelDesc, sortDesc, sqrt, start, startTimestamp
  case stddevOverTime, stdvarOverTime, step, sumOverTime, tan, tanh, time, timestamp
  case tsOfFirstOverTime, tsOfLastOverTime, tsOfMaxOverTime, tsOfMinOverTime, vector, year

  package var signature: FunctionSignature { FunctionSignature.table[Int(rawValue)] }

  package var name: String { signature.name }
}
