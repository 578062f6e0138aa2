(module (func (i32.const 0) (block (param i32) (drop))))
