(module (type (func (param externref))) (table 1 funcref) (table 1 funcref) (global i32 (i32.add (i32.const 1) (i32.const 2))))
