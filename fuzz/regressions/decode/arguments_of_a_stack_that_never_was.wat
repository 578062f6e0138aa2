(module
  (func (param i32))
  (func unreachable call 0))
